-- What of one endpoint is to be sent again (recover), or for the first time after all (replay_missing). Worked off in
-- chunks; the place it has come to and what the chunk has queued are one transaction.
create table replays (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment in ('test', 'live')),
  endpoint_id uuid not null,
  kind text not null check (kind in ('recover', 'replay_missing')),
  since timestamptz not null,
  -- The delivery, or event, that was looked at last, and the first that is too young.
  place uuid not null,
  ending uuid not null,
  queued bigint not null default 0,
  -- Canceled: the endpoint was disabled or deleted meanwhile.
  status text not null default 'running' check (status in ('running', 'completed', 'canceled')),
  created_at timestamptz not null,
  worked_at timestamptz not null,
  finished_at timestamptz,
  check ((status = 'running') = (finished_at is null))
);
-- The same request again, while the first is worked off, is the same replay.
create unique index replays_running on replays (endpoint_id, kind, since) where finished_at is null;
create index replays_turns on replays (worked_at) where finished_at is null;

-- Replays walk through the events of a merchant's environment by time.
create index webhook_events_of_merchant on webhook_events (merchant_id, environment, id);

-- The one endpoint that an event does not go to, not even later.
alter table webhook_events add column except_endpoint_id uuid;
