-- The secret that a rotation has retired signs nothing any more. It is kept, encrypted as it was, for 30 days, so that
-- a request that it has signed can be recognised and explained, and for nothing else.
alter table webhook_secrets
  add column previous_key_id text,
  add column previous_sealed bytea,
  add column previous_retired_at timestamptz,
  add check ((previous_sealed is null) = (previous_key_id is null)
    and (previous_sealed is null) = (previous_retired_at is null));
