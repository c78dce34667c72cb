\set n random(1, 9000000000000000)
with claimed as (
    insert into bare_idempotency (merchant_id, key, fingerprint, answer)
    values ('mer_1', 'key-' || :n, '\x0123456789abcdef0123456789abcdef', convert_to(repeat('a', 900), 'UTF8'))
    on conflict do nothing
    returning key),
created as (
    insert into bare_payments (id, merchant_id, order_id, amount, status, snapshot)
    select 'pay_' || key, 'mer_1', 'order-' || key, 10500000, 'Pending', jsonb_build_object('filler', repeat('b', 500))
    from claimed
    returning id)
insert into bare_outbox (payment_id, body)
select id, convert_to(repeat('c', 1200), 'UTF8')
from created;
