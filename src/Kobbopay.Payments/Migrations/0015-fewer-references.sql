-- What every payment writes when it is paid. A scan writes a transfer beside its payment, which it has locked, and only
-- PaymentStore writes either; money is sent on a simulator chain by whoever has just read a payment of it. The
-- references would look up and lock, for each row, a row that all the others lock as well.
alter table transfers drop constraint transfers_payment_id_fkey;
alter table simulator_transfers drop constraint simulator_transfers_chain_fkey;

-- Bodies of events, and the answers that repeat them, have some 2 KB. Where the server has LZ4 it takes a fraction of
-- the CPU time that its own method does, for about the same size.
do $$
begin
  if exists (
    select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
    alter table events alter column body set compression lz4;
    alter table idempotency_keys alter column body set compression lz4;
  end if;
end
$$;
