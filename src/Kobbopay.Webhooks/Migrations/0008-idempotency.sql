-- What POSTs have answered, for 24 hours: state and stored answer are one transaction.
create table idempotency_keys (
  merchant_id uuid not null,
  environment text not null,
  route text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint not null check (status between 200 and 299),
  location text,
  body bytea not null,
  created_at timestamptz not null,
  primary key (merchant_id, environment, route, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
