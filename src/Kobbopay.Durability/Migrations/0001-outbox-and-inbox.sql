-- Messages that the bus has not confirmed yet; rows are deleted once it has. A queue: always short, so it is never
-- analyzed into a bad plan and vacuum keeps up.
create table outbox (
  id uuid primary key,
  message_type text not null,
  body bytea not null,
  traceparent text,
  created_at timestamptz not null default now()
);

-- Per merchant and environment, everything up to and including `contiguous` has been taken in.
create table inbox_streams (
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  contiguous bigint not null default 0 check (contiguous >= 0),
  primary key (merchant_id, environment)
);

-- Single events above the watermark.
create table inbox (
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  sequence bigint not null check (sequence > 0),
  event_id uuid not null,
  received_at timestamptz not null default now(),
  primary key (merchant_id, environment, sequence)
);
