-- Access requests ---------------------------------------------------------------------------------------------------

create table access_requests (
  id uuid primary key,
  status text not null default 'new' check (status in ('new', 'deferred', 'approved', 'declined')),
  company text not null,
  website text,
  contact_email text not null,
  use_case text not null,
  integration_type text,
  volume text,
  rails text[] not null default '{}',
  markets text[] not null default '{}',
  technical_contact text,
  -- SHA-256 of the applicant's token, whose link shows the status.
  token_hash text not null unique check (length(token_hash) = 64),
  -- What the applicant reads of the decision.
  reason text,
  decided_by text,
  decided_at timestamptz,
  merchant_id uuid,
  address text,
  created_at timestamptz not null,
  check ((status = 'new') = (decided_at is null)),
  check ((status = 'approved') = (merchant_id is not null))
);

create index access_requests_by_status on access_requests (status, id);

create table access_request_notes (
  id uuid primary key,
  request_id uuid not null references access_requests,
  author text not null,
  text text not null,
  created_at timestamptz not null
);

create index access_request_notes_of_request on access_request_notes (request_id, id);

-- Merchants ---------------------------------------------------------------------------------------------------------

alter table merchants
  add column status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  add column status_reason text,
  add column status_changed_at timestamptz,
  -- The receiver has passed its certification, or an operator has recorded why live is handed out without it.
  add column certification_id uuid,
  add column certified_at timestamptz,
  add column waiver_reason text,
  add column waived_by text,
  add column waived_at timestamptz,
  add check ((certification_id is null) = (certified_at is null)),
  add check ((waiver_reason is null) = (waived_at is null) and (waived_by is null) = (waived_at is null));

alter table merchant_settings
  -- Null: the merchant's own.
  add column display_name text,
  -- [{network, currency, enabled, confirmations, ownConfirmations}], what an operator has approved; null, for a
  -- developer's and the tests' merchants: all rails of the installation.
  add column rails jsonb check (jsonb_typeof(rails) = 'array'),
  add column default_expiry interval not null default '1 hour'
    check (default_expiry between interval '300 seconds' and interval '7 days'),
  -- Null: the environment's.
  add column requests_per_second integer check (requests_per_second between 1 and 10000);

alter table api_keys
  -- Addresses and CIDR ranges; null: any.
  add column allowed_ips text[] check (cardinality(allowed_ips) > 0),
  add column replaced_by uuid references api_keys,
  -- The last time it came from a browser, so that it is announced once an hour.
  add column misuse_announced_at timestamptz;

create index api_keys_of_merchant on api_keys (merchant_id, environment, id);

-- Claims: one-time links to a merchant's materials --------------------------------------------------------------------

create table claims (
  id uuid primary key,
  merchant_id uuid not null references merchants,
  environment text not null check (environment in ('test', 'live')),
  -- `materials`: xpubs, the first key and endpoint. `xpub`: other xpubs, by merchant and operator together.
  kind text not null check (kind in ('materials', 'xpub')),
  token_hash text not null unique check (length(token_hash) = 64),
  -- SHA-256 of token and code: the code alone has too few digits to be hashed by itself.
  code_hash text not null check (length(code_hash) = 64),
  wrong_codes integer not null default 0,
  -- The endpoint that the claim makes, however often it is tried.
  endpoint_id uuid not null,
  issued_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  claimed_at timestamptz,
  revoked_at timestamptz,
  check (claimed_at is null or revoked_at is null)
);

create index claims_of_merchant on claims (merchant_id, environment, id);

-- An xpub belongs to one merchant's one environment, for ever: its addresses are that merchant's books.
create table xpubs (
  fingerprint text primary key,
  xpub text not null unique,
  merchant_id uuid not null references merchants,
  environment text not null check (environment in ('test', 'live')),
  created_at timestamptz not null
);

-- Which of its xpubs a merchant's payments on a network are paid to.
create table merchant_xpubs (
  merchant_id uuid not null references merchants,
  environment text not null check (environment in ('test', 'live')),
  network text not null,
  fingerprint text not null references xpubs,
  confirmed_at timestamptz not null,
  primary key (merchant_id, environment, network)
);

-- Audit log ---------------------------------------------------------------------------------------------------------
-- Each hash covers the one before and the entry, so that nothing can be changed, left out or put in between without
-- breaking every later one. What is filtered by is taken from the entry itself, so that it can't say anything else.

create table audit_log (
  sequence bigint primary key,
  id uuid not null unique,
  entry text not null,
  hash bytea not null check (length(hash) = 32),
  merchant_id text generated always as ((entry::jsonb) ->> 'merchantId') stored
);

create index audit_log_of_merchant on audit_log (merchant_id, sequence);

create table audit_head (
  only_one boolean primary key default true check (only_one),
  sequence bigint not null,
  hash bytea not null,
  -- Up to where the head has been written outside of the database.
  exported bigint not null default 0
);

insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'));

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to';
end
$$;

create trigger audit_log_is_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_change();

-- The most confirmations that any merchant's payments on a network have ever been asked to have, where that is more
-- than the rail's own: so far back the scanner looks for payments that a block means something to.
create table network_confirmations (
  network text primary key,
  most integer not null check (most > 0)
);
