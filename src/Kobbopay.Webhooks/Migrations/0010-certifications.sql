-- What a merchant's receiver did with the requests of a certification: the report as it was given.
create table certifications (
  id uuid primary key,
  merchant_id uuid not null,
  environment text not null check (environment = 'test'),
  endpoint_id uuid not null,
  url text not null,
  status text not null check (status in ('passed', 'failed')),
  checks jsonb not null,
  created_at timestamptz not null
);
create index certifications_of_merchant on certifications (merchant_id, environment, id);
