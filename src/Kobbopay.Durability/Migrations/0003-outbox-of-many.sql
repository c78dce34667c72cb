-- A message without a body consists of what the service keeps in a table of its own, by these ids.
alter table outbox add column parts uuid[];
update outbox set message_type = 'PaymentsChanged', parts = array[id] where body is null;
alter table outbox add check ((body is null) <> (parts is null));
