-- Moves of merchants' sandbox clocks that have been taken: a message that comes again must not move anything twice.
create table sandbox_clock_moves (
  id uuid primary key,
  taken_at timestamptz not null
);
create index sandbox_clock_moves_age on sandbox_clock_moves (taken_at);
