-- What operators' POSTs have answered, for 24 hours. A table of its own: merchants' keys are part of the statement that
-- creates their payments, and an operator has neither a merchant nor an environment.
create table operator_idempotency_keys (
  operator text not null,
  route text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint not null check (status between 200 and 299),
  location text,
  body bytea not null,
  created_at timestamptz not null,
  primary key (operator, route, key)
);

create index operator_idempotency_keys_age on operator_idempotency_keys (created_at);
