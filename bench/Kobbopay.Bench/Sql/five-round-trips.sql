\set n random(1, 9000000000000000)
begin;
insert into bare_idempotency (merchant_id, key, fingerprint, answer)
values ('mer_1', 'key-' || :n, '\x0123456789abcdef0123456789abcdef', convert_to(repeat('a', 900), 'UTF8'));
insert into bare_payments (id, merchant_id, order_id, amount, status, snapshot)
values ('pay_' || :n, 'mer_1', 'order-' || :n, 10500000, 'Pending', jsonb_build_object('filler', repeat('b', 500)));
insert into bare_outbox (payment_id, body)
values ('pay_' || :n, convert_to(repeat('c', 1200), 'UTF8'));
commit;
