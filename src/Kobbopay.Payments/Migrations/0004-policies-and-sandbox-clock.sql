-- A creation names the version of the settings it was drafted with; its statement inserts nothing when they have
-- changed. Whoever changes a setting adds one to the version in the same update.
alter table merchant_settings
  add column version integer not null default 1,
  -- In the currency's own unit; null: the share in basis points alone decides.
  add column tolerance_cap numeric(38, 18) check (tolerance_cap >= 0),
  -- Outcomes that the merchant wants a person to look at before the goods leave.
  add column review text[] not null default '{}' check (review <@ '{late,overpaid,underpaid}'),
  -- How far the sandbox's clock is ahead of the real one: block times, expiry and late windows of the simulator.
  add column clock_offset interval not null default '0' check (clock_offset >= '0'),
  add check (environment = 'test' or clock_offset = '0');

alter table payments
  add column review text[] not null default '{}' check (review <@ '{late,overpaid,underpaid}');
