-- The event of a payment whose money left the chain names the block that went and the one in its place.
alter table pending_events
  add column old_block_hash text,
  add column new_block_hash text;
