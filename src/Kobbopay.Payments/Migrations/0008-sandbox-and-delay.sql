-- Detection -----------------------------------------------------------------------------------------------------------

alter table chains
  -- Since when its provider has failed or has been behind; null while it can be read.
  add column failing_since timestamptz,
  -- Failing for longer than its rail tolerates: its open payments say so.
  add column delayed boolean not null default false,
  add column delay_changed_at timestamptz,
  -- False from a change of `delayed` until every open payment shows it.
  add column delay_settled boolean not null default true;

create index chains_failing on chains (chain) where failing_since is not null;
create index chains_unsettled on chains (chain) where not delay_settled;

-- Sandbox -------------------------------------------------------------------------------------------------------------

-- What the provider of a simulator chain does until a time of the real clock. One that is behind shows no block above
-- `provider_head`.
alter table simulator_chains
  add column provider_mode text not null default 'ok' check (provider_mode in ('ok', 'delay', 'fail')),
  add column provider_until timestamptz,
  add column provider_head bigint,
  add check ((provider_mode = 'ok') = (provider_until is null)),
  add check ((provider_mode = 'delay') = (provider_head is not null));

-- Scripts that play against a payment: written with it, gone when played to the end. A step is done in the transaction
-- that moves `step` on.
create table sandbox_scenarios (
  payment_id uuid primary key references payments,
  merchant_id uuid not null,
  environment text not null check (environment = 'test'),
  name text not null,
  step integer not null default 0,
  due_at timestamptz not null,
  -- When the step before was done: a step that can't be done for long ends the script.
  step_since timestamptz not null,
  traceparent text
);

create index sandbox_scenarios_due on sandbox_scenarios (due_at);

-- The sandbox's list of transfers, newest first.
create index simulator_transfers_list on simulator_transfers (chain, id);
