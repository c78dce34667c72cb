-- A UUIDv7 (RFC 9562) of the given time: ids that are made inside a statement sort like those made outside.
create function new_id(at timestamptz) returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- Where a merchant wants its events. A deleted endpoint stays as the target of its old deliveries; its secret goes.
create table webhook_endpoints (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  url text not null check (char_length(url) <= 2048),
  -- scheme://host:port, by which a payment's own webhookUrl finds the endpoint that it replaces the URL of.
  origin text not null,
  events text[] not null check (cardinality(events) > 0),
  description text,
  ordering text not null check (ordering in ('none', 'per_payment')),
  body_signature boolean not null,
  status text not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_reason text,
  disabled_at timestamptz,
  created_at timestamptz not null,
  deleted_at timestamptz,
  check ((status = 'disabled') = (disabled_at is not null))
);
create index webhook_endpoints_of_merchant on webhook_endpoints (merchant_id, environment, id) where deleted_at is null;

-- Encrypted: nonce, ciphertext and tag of AES-GCM, with the name of the key. While a rotation's overlap lasts, `next`
-- stands beside the secret that is still valid.
create table webhook_secrets (
  endpoint_id uuid primary key references webhook_endpoints (id),
  key_id text not null,
  sealed bytea not null,
  next_key_id text,
  next_sealed bytea,
  overlap_until timestamptz,
  check ((next_sealed is null) = (next_key_id is null) and (next_sealed is null) = (overlap_until is null))
);

-- Every event once, with the bytes that each delivery and each attempt sends.
create table webhook_events (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  type text not null,
  payment_id uuid,
  version int,
  body bytea not null,
  traceparent text,
  created_at timestamptz not null
);
-- Ordered delivery asks whether the event before this one has arrived.
create index webhook_events_of_payment on webhook_events (payment_id, version) where payment_id is not null;

-- One event to one endpoint: the record. Its row is written when it begins and when it ends; all between is in the
-- queue.
create table deliveries (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  endpoint_id uuid not null references webhook_endpoints (id),
  event_id uuid not null references webhook_events (id),
  event_type text not null,
  payment_id uuid,
  -- Set when the payment's own webhookUrl replaces the endpoint's URL.
  url text,
  status text not null check (status in ('pending', 'succeeded', 'exhausted', 'skipped')),
  created_at timestamptz not null,
  finished_at timestamptz,
  unique (event_id, endpoint_id),
  check ((status = 'pending') = (finished_at is null))
) with (fillfactor = 90);
create index deliveries_of_merchant on deliveries (merchant_id, environment, id);
create index deliveries_of_endpoint on deliveries (endpoint_id, id);
create index deliveries_of_payment on deliveries (payment_id, id) where payment_id is not null;

-- The pending deliveries and nothing else: finished ones leave, so a claim never walks over history.
-- `due_at` is the time of the next attempt or, while one runs (`attempt_started_at` set), the end of its lease.
create table delivery_queue (
  delivery_id uuid primary key references deliveries (id),
  endpoint_id uuid not null,
  event_id uuid not null,
  due_at timestamptz not null,
  -- Attempts made, counting the one that runs.
  attempt int not null default 0 check (attempt >= 0),
  attempt_started_at timestamptz,
  -- Set only where the endpoint wants a payment's events one after the other.
  ordered_payment_id uuid,
  ordered_version int,
  check ((ordered_payment_id is null) = (ordered_version is null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index delivery_queue_lanes on delivery_queue (endpoint_id, due_at);
create index delivery_queue_order on delivery_queue (endpoint_id, ordered_payment_id, ordered_version)
  where ordered_payment_id is not null;

-- Every attempt that was made, an attempt whose sender died included (`outcome_unknown`).
create table attempts (
  delivery_id uuid not null references deliveries (id),
  number int not null check (number > 0),
  id uuid not null,
  started_at timestamptz not null,
  latency_ms int check (latency_ms >= 0),
  outcome text not null check (outcome in ('succeeded', 'failed', 'outcome_unknown')),
  status_code int,
  error_kind text,
  answer_headers text,
  answer_body bytea check (octet_length(answer_body) <= 16384),
  answer_truncated boolean not null default false,
  primary key (delivery_id, number)
);
