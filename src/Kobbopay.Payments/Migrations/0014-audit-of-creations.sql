-- Whose key created a payment, for the audit log's entry, which the sequencer writes (docs/decisions/0010).
alter table pending_events add column key_id uuid;
