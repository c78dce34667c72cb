-- What the rules can't settle and a person has to look at, from the transaction that found it until somebody closes it.
create table exceptions (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  kind text not null constraint exceptions_kind check (kind in ('finality_violated')),
  payment_id uuid not null references payments,
  detail jsonb not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  close_reason text check (length(close_reason) between 1 and 500),
  check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (close_reason is null))
);

-- However often the same thing happens, it is one matter until it is closed.
create unique index exceptions_open on exceptions (payment_id, kind) where closed_at is null;
create index exceptions_list on exceptions (merchant_id, environment, id);
create index exceptions_of_payment on exceptions (payment_id, id);
