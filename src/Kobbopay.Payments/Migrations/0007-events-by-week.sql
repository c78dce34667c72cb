-- Events are kept 90 days and dropped a week at a time. Their ids are UUIDv7, so a range of ids is a range of time:
-- the primary key stays what it was, and a look-up by id touches one partition.

alter table events rename to events_before;
alter index events_pkey rename to events_before_pkey;

-- payment_id, version and public_view are null for events of another object than a payment.
create table events (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null,
  sequence bigint not null check (sequence > 0),
  type text not null,
  payment_id uuid,
  version integer,
  created_at timestamptz not null,
  body bytea not null,
  public_view bytea,
  webhook_url text,
  traceparent text,
  except_endpoint_id uuid,
  check ((payment_id is null) = (version is null) and (payment_id is null) = (public_view is null))
) partition by range (id);

-- The lowest UUIDv7 of a time.
create function lowest_id(at timestamptz) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes sure of the partition of the week, Monday to Sunday in UTC, that a time falls into. A unique index over all
-- partitions would have to include the id; a sequence is unique in each, and the counter never gives a number twice.
-- A table that is attached, and not created in place, leaves readers and writers of the others alone.
create function add_events_partition(at timestamptz) returns void language plpgsql as $$
declare
  first timestamp := date_trunc('week', at at time zone 'UTC');
  name text := to_char(first, '"events_"YYYY_MM_DD');
begin
  perform pg_advisory_xact_lock(hashtext('add_events_partition'));
  if to_regclass(name) is null then
    execute format('create table %I (like events including all)', name);
    execute format('alter table %I add unique (merchant_id, environment, sequence)', name);
    execute format(
      'alter table events attach partition %I for values from (%L) to (%L)',
      name, lowest_id(first at time zone 'UTC'), lowest_id((first + interval '7 days') at time zone 'UTC'));
  end if;
end
$$;

select add_events_partition(week at time zone 'UTC') from (
  select date_trunc('week', to_timestamp(
    ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'UTC') as week
  from events_before
  union
  select date_trunc('week', now() at time zone 'UTC') + week * interval '7 days' from generate_series(0, 4) week) weeks;

insert into events
  (id, merchant_id, environment, sequence, type, payment_id, version, created_at, body, public_view, webhook_url,
   traceparent)
select id, merchant_id, environment, sequence, type, payment_id, version, created_at, body, public_view, webhook_url,
  traceparent
from events_before;

drop table events_before;

-- Up to and including this sequence events are no longer kept. Ids and sequences need not run side by side to the last
-- event, so the feed begins after the last sequence of what was dropped: it has no gap at its beginning either.
alter table event_counters
  add column dropped bigint not null default 0,
  add check (dropped between 0 and latest);

-- The snapshot is the payment, or, for another object, the whole of the event's data.
alter table pending_events
  add column object text not null default 'payment',
  add column except_endpoint_id uuid,
  alter column payment_id drop not null,
  alter column order_id drop not null,
  alter column version drop not null,
  alter column status drop not null,
  alter column public_view drop not null,
  add check ((object = 'payment') = (payment_id is not null));

-- Events that other services asked for, by their ids, so that a repeated message files no second one.
create table requested_events (
  id uuid primary key,
  filed_at timestamptz not null
);

create index requested_events_age on requested_events (filed_at);
