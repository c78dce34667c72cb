-- What a payer may see of each payment, by its public token: a copy of what Payments renders, and of nothing else.
-- A view is replaced only by a newer one, by (version, progress). Updates touch no indexed column and find room on
-- their page, so that confirmations arriving block by block cost no index writes.
create table public_payments (
  token text primary key check (token like 'pst\_%'),
  version integer not null check (version > 0),
  progress integer not null check (progress >= 0),
  view jsonb not null,
  updated_at timestamptz not null
) with (fillfactor = 70);
