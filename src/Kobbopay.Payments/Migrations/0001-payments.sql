-- Merchants and their keys ------------------------------------------------------------------------------------------

create table merchants (
  id uuid primary key,
  display_name text not null,
  created_at timestamptz not null default now()
);

-- Policies are copied onto each payment at creation; a change here never changes a payment that stands.
create table merchant_settings (
  merchant_id uuid not null references merchants,
  environment text not null check (environment in ('test', 'live')),
  order_id_policy text not null default 'unique_open' check (order_id_policy in ('unique_open', 'allow_many')),
  late_window interval not null default '60 minutes',
  tolerance_basis_points integer not null default 0 check (tolerance_basis_points between 0 and 10000),
  return_url_hosts text[] not null default '{}',
  primary key (merchant_id, environment)
);

create table api_keys (
  id uuid primary key,
  merchant_id uuid not null references merchants,
  environment text not null check (environment in ('test', 'live')),
  hash text not null unique check (length(hash) = 64),
  prefix text not null,
  last4 text not null,
  label text not null,
  scopes text[] not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now()
);

-- Payments ----------------------------------------------------------------------------------------------------------
-- Amounts are base units (the smallest unit of the asset), with the asset's decimals beside them.

create table payments (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  status text not null check (status in ('Pending', 'Paid', 'Confirmed', 'Expired', 'Canceled')),
  outcome text not null check (outcome in ('none', 'partial', 'under', 'exact', 'over')),
  late boolean not null default false,
  paid_from text not null default 'Pending' check (paid_from in ('Pending', 'Expired', 'Canceled')),
  version integer not null check (version > 0),
  progress integer not null default 0,
  amount numeric(78, 0) not null check (amount > 0),
  tolerance numeric(78, 0) not null check (tolerance >= 0),
  accepted_amount numeric(78, 0) check (accepted_amount > 0),
  received numeric(78, 0) not null default 0 check (received >= 0),
  confirmations integer not null default 0,
  required_confirmations integer not null check (required_confirmations > 0),
  late_window interval not null,
  head bigint not null default 0,
  currency text not null,
  network text not null,
  chain text not null,
  contract text,
  decimals smallint not null check (decimals between 0 and 36),
  order_id text not null,
  description text,
  metadata jsonb not null default '{}',
  return_url text,
  webhook_url text,
  deposit_address text not null,
  address_path text not null,
  xpub_fingerprint text,
  payment_uri text not null,
  public_token text not null unique,
  resolution_action text check (resolution_action in ('Accept', 'Dismiss')),
  resolution_actor text,
  resolution_reason text,
  delayed boolean not null default false,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  paid_at timestamptz,
  confirmed_at timestamptz,
  reverted_at timestamptz,
  closed_at timestamptz,
  unique (chain, deposit_address)
);

create index payments_list on payments (merchant_id, environment, id);
create index payments_order on payments (merchant_id, environment, order_id, id);
-- What the scanner looks at besides new money: windows that may end, and confirmations that may suffice.
create index payments_pending on payments (chain, expires_at) where status = 'Pending';
create index payments_paid on payments (chain) where status = 'Paid';

-- While an order has an open or a paid payment, this row is its claim; it never constrains a payment's own lifecycle.
create table order_claims (
  merchant_id uuid not null,
  environment text not null,
  order_id text not null,
  payment_id uuid not null,
  primary key (merchant_id, environment, order_id)
);

-- A transfer keeps its row and id when its transaction moves to another block; `ordinal` counts the transaction's
-- transfers of this token to this recipient, since the log index itself changes from block to block.
create table transfers (
  id uuid primary key,
  payment_id uuid not null references payments,
  chain text not null,
  tx_hash text not null,
  contract text not null,
  recipient text not null,
  ordinal integer not null check (ordinal >= 0),
  amount numeric(78, 0) not null check (amount > 0),
  block_number bigint not null,
  block_hash text not null,
  log_index integer not null,
  block_time timestamptz not null,
  first_block_time timestamptz not null,
  canonical boolean not null default true,
  seen_at timestamptz not null,
  unique (chain, tx_hash, contract, recipient, ordinal)
);

create index transfers_of_payment on transfers (payment_id, block_number);
create index transfers_by_block on transfers (chain, block_number) where canonical;

create table payment_timeline (
  payment_id uuid not null references payments,
  version integer not null,
  type text not null,
  from_status text,
  to_status text not null,
  at timestamptz not null,
  old_block_hash text,
  new_block_hash text,
  actor text,
  reason text,
  primary key (payment_id, version)
);

-- Next free index of a series of addresses (an xpub, or a simulator chain); handed out in blocks, never twice.
create table address_series (
  series text primary key,
  next_index bigint not null check (next_index >= 0)
);

-- Idempotency ---------------------------------------------------------------------------------------------------------

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

-- Events --------------------------------------------------------------------------------------------------------------
-- The write path only appends to pending_events; the sequencer numbers them, renders the body once and moves them to
-- the log.

create table pending_events (
  position bigint generated always as identity primary key,
  id uuid not null,
  merchant_id uuid not null,
  environment text not null,
  type text not null,
  payment_id uuid not null,
  order_id text not null,
  version integer not null,
  status text not null,
  previous_status text,
  created_at timestamptz not null,
  snapshot bytea not null,
  public_view bytea not null,
  webhook_url text,
  traceparent text
);

create table event_counters (
  merchant_id uuid not null,
  environment text not null,
  latest bigint not null check (latest > 0),
  primary key (merchant_id, environment)
);

-- The merchant's feed: dense per merchant and environment, never updated.
create table events (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null,
  sequence bigint not null check (sequence > 0),
  type text not null,
  payment_id uuid not null,
  version integer not null,
  created_at timestamptz not null,
  body bytea not null,
  public_view bytea not null,
  webhook_url text,
  traceparent text,
  unique (merchant_id, environment, sequence)
);
