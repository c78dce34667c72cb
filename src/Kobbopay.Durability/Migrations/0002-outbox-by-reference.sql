-- A row without a body stands for a message that the service keeps in a table of its own, by the same id.
alter table outbox alter column body drop not null;
