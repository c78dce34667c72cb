-- What the transfers of a payment add up to stands beside `received` and `confirmations`, so that a payment is shown
-- without reading all of them.
alter table payments
  add column final numeric(78, 0) not null default 0 check (final >= 0),
  add column transfer_count integer not null default 0 check (transfer_count >= 0);

update payments p set final = s.final, transfer_count = s.transfers
from (
  select t.payment_id, count(*) as transfers,
    coalesce(sum(t.amount) filter (where t.block_number <= p.head - p.required_confirmations + 1), 0) as final
  from transfers t join payments p on p.id = t.payment_id
  where t.canonical
  group by t.payment_id) s
where p.id = s.payment_id;

-- Lists, newest first: docs/queries.md says which query uses which. The partial ones cost a creation nothing, but for
-- its metadata.
create index payments_by_status on payments (merchant_id, environment, status, id);
create index payments_by_rail on payments (merchant_id, environment, network, currency, id);
create index payments_by_outcome on payments (merchant_id, environment, outcome, id) where outcome <> 'none';
create index payments_by_metadata on payments using gin (metadata jsonb_path_ops) where metadata <> '{}';
create index payments_by_confirmation on payments (merchant_id, environment, confirmed_at, id)
  where confirmed_at is not null;
create index transfers_of_payment_by_id on transfers (payment_id, id);

-- Transfers to an address of a payment that count for none: in a token that the payment does not take, or after the
-- payment's address was watched. They are the merchant's money all the same, so each has a row. Identity as in
-- `transfers`.
create table unmatched_transfers (
  id uuid primary key,
  payment_id uuid not null references payments,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  network text not null,
  chain text not null,
  -- Null for a token that is none of the network's assets: then the amount can't be told in its own unit.
  currency text,
  decimals smallint check (decimals between 0 and 36),
  reason text not null check (reason in ('wrong_token', 'closed_payment')),
  tx_hash text not null,
  contract text not null,
  recipient text not null,
  ordinal integer not null check (ordinal >= 0),
  amount numeric(78, 0) not null check (amount > 0),
  block_number bigint not null,
  block_hash text not null,
  log_index integer not null,
  block_time timestamptz not null,
  canonical boolean not null default true,
  seen_at timestamptz not null,
  constraint unmatched_transfers_identity unique (chain, tx_hash, contract, recipient, ordinal),
  check ((currency is null) = (decimals is null))
);

create index unmatched_transfers_list on unmatched_transfers (merchant_id, environment, id);
create index unmatched_transfers_of_payment on unmatched_transfers (payment_id, id);
create index unmatched_transfers_by_block on unmatched_transfers (chain, block_number) where canonical;
