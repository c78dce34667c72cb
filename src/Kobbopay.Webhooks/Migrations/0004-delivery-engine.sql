-- Optional limit of requests per second, and the names of an endpoint's own headers; their values may be credentials
-- and are sealed beside the secret.
alter table webhook_endpoints
  add column rate_limit int check (rate_limit between 1 and 1000),
  add column header_names text[] not null default '{}';
alter table webhook_secrets
  add column headers_key_id text,
  add column headers_sealed bytea,
  add check ((headers_sealed is null) = (headers_key_id is null));

-- What an endpoint's answers have been like: written by whoever records results, once for each endpoint in a batch.
create table endpoint_state (
  endpoint_id uuid primary key,
  last_success_at timestamptz,
  -- The first failure since the last success, how many there have been, and of which events.
  failing_since timestamptz,
  failures int not null default 0,
  failed_event_id uuid,
  failed_events_differ boolean not null default false,
  warned_at timestamptz,
  -- Where the endpoint has a rate limit: the earliest time of its next request.
  free_at timestamptz,
  check ((failing_since is null) = (failures = 0) and (failing_since is null) = (failed_event_id is null))
) with (fillfactor = 50);

-- Rows are written in their thousands and none is removed before it is 90 days old, so foreign keys would only lock
-- the rows that they point to, once for each delivery.
alter table deliveries drop constraint deliveries_endpoint_id_fkey, drop constraint deliveries_event_id_fkey;
alter table delivery_queue
  drop constraint delivery_queue_delivery_id_fkey,
  -- Set when the payment's own webhookUrl replaces the endpoint's URL.
  add column url text,
  -- Attempts of earlier rounds: a redelivery begins the schedule anew, and goes on counting.
  add column attempts_before int not null default 0,
  add check (attempts_before between 0 and attempt);
update delivery_queue q set url = d.url from deliveries d where d.id = q.delivery_id and d.url is not null;

-- A claim writes columns that no index has, and leaves the row where it is on its page.
alter table delivery_queue set (fillfactor = 45);
-- A delivery is written twice, and the second time in its place.
alter table deliveries set (fillfactor = 50);
drop index delivery_queue_lanes;
create index delivery_queue_lanes on delivery_queue (endpoint_id, due_at, delivery_id);

-- Attempts are kept 90 days and dropped a week at a time, by the time in their ids (UUIDv7).
alter table attempts rename to attempts_before;
alter index attempts_pkey rename to attempts_before_pkey;

create table attempts (
  delivery_id uuid not null,
  number int not null check (number > 0),
  id uuid not null,
  started_at timestamptz not null,
  latency_ms int check (latency_ms >= 0),
  -- Null where a connection was there already, or that part was not reached.
  connect_ms int check (connect_ms >= 0),
  tls_ms int check (tls_ms >= 0),
  first_byte_ms int check (first_byte_ms >= 0),
  outcome text not null check (outcome in ('succeeded', 'failed', 'outcome_unknown')),
  status_code int,
  error_kind text,
  answer_headers text,
  answer_body bytea check (octet_length(answer_body) <= 16384),
  answer_truncated boolean not null default false,
  primary key (delivery_id, number, id)
) partition by range (id);

-- The lowest UUIDv7 of a time.
create function lowest_id(at timestamptz) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes sure of the partition of the week, Monday to Sunday in UTC, that a time falls into. A table that is attached,
-- and not created in place, leaves readers and writers of the others alone.
create function add_attempts_partition(at timestamptz) returns void language plpgsql as $$
declare
  first timestamp := date_trunc('week', at at time zone 'UTC');
  name text := to_char(first, '"attempts_"YYYY_MM_DD');
begin
  perform pg_advisory_xact_lock(hashtext('add_attempts_partition'));
  if to_regclass(name) is null then
    execute format('create table %I (like attempts including all)', name);
    execute format(
      'alter table attempts attach partition %I for values from (%L) to (%L)',
      name, lowest_id(first at time zone 'UTC'), lowest_id((first + interval '7 days') at time zone 'UTC'));
  end if;
end
$$;

select add_attempts_partition(week at time zone 'UTC') from (
  select date_trunc('week', to_timestamp(
    ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'UTC') as week
  from attempts_before
  union
  select date_trunc('week', now() at time zone 'UTC') + week * interval '7 days' from generate_series(0, 4) week) weeks;

insert into attempts
  (delivery_id, number, id, started_at, latency_ms, outcome, status_code, error_kind, answer_headers, answer_body,
   answer_truncated)
select delivery_id, number, id, started_at, latency_ms, outcome, status_code, error_kind, answer_headers, answer_body,
  answer_truncated
from attempts_before;

drop table attempts_before;
