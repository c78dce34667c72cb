-- How far each chain has been scanned. The row is the scanner's lock: it is held for the length of a scan's
-- transaction, so a cursor and what was found up to it are stored together or not at all.
create table chains (
  chain text primary key,
  network text not null,
  block_number bigint not null default -1,
  block_hash text,
  block_time timestamptz,
  check ((block_number < 0) = (block_hash is null) and (block_hash is null) = (block_time is null))
);

-- The newest scanned blocks of each chain: where they stop agreeing with the network is where it was reorganised.
create table chain_blocks (
  chain text not null references chains,
  number bigint not null check (number >= 0),
  hash text not null,
  parent_hash text not null,
  time timestamptz not null,
  primary key (chain, number)
);
