-- Whose key created a payment, for the audit log's entry, which the sequencer makes (docs/decisions/0010).
alter table pending_events add column key_id uuid;

-- Entries of what happens often, until they are chained: they don't wait for each other.
create table audit_waiting (
  position bigint primary key generated always as identity,
  id uuid not null,
  entry text not null
);
