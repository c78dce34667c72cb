-- What every payment writes when it is paid. A scan writes a transfer beside its payment, which it has locked, and only
-- PaymentStore writes either; money is sent on a simulator chain by whoever has just read a payment of it. The
-- references would look up and lock, for each row, a row that all the others lock as well.
alter table transfers drop constraint transfers_payment_id_fkey;
alter table simulator_transfers drop constraint simulator_transfers_chain_fkey;
