-- The policy that a payment's transfers must be in a finalized block, copied onto it as its confirmations are.
alter table payments add column needs_finality boolean not null default false;

-- Whose address is it, on whatever network: only payments to children of an xpub share addresses between networks.
create index payments_by_xpub_address on payments (deposit_address) where xpub_fingerprint is not null;

-- The newest of them: what a list of watched addresses is made of while it is short.
create index payments_of_xpubs on payments (id) where xpub_fingerprint is not null;

alter table unmatched_transfers
  drop constraint unmatched_transfers_reason_check,
  add constraint unmatched_transfers_reason_check check (
    reason in ('wrong_token', 'wrong_network', 'zero_value', 'second_payment', 'closed_payment')),
  drop constraint unmatched_transfers_amount_check,
  add constraint unmatched_transfers_amount_check check (amount >= 0 and (amount > 0 or reason = 'zero_value'));

-- `missed_transfer`: an address owns more of the network's own currency than scans have seen come in.
alter table exceptions
  drop constraint exceptions_kind,
  add constraint exceptions_kind check (kind in ('finality_violated', 'missed_transfer'));
