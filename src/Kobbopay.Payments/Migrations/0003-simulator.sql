-- The built-in chain of `example-network`: one for each merchant, so that tests of one never move the blocks of
-- another.
create table simulator_chains (
  chain text primary key,
  head bigint not null default -1,
  head_hash text not null default '',
  head_time timestamptz not null default '-infinity'
);

create table simulator_blocks (
  chain text not null references simulator_chains,
  number bigint not null check (number >= 0),
  hash text not null,
  parent_hash text not null,
  time timestamptz not null,
  -- The trace of the request that mined it, continued by the scan that finds it.
  traceparent text,
  primary key (chain, number)
);

-- A transfer without a block waits for one.
create table simulator_transfers (
  id bigint generated always as identity primary key,
  chain text not null references simulator_chains,
  tx_hash text not null,
  contract text,
  recipient text not null,
  amount numeric(78, 0) not null check (amount > 0),
  block_number bigint,
  log_index integer,
  check ((block_number is null) = (log_index is null))
);

create index simulator_transfers_by_block on simulator_transfers (chain, block_number);
create index simulator_transfers_by_recipient on simulator_transfers (chain, recipient);
