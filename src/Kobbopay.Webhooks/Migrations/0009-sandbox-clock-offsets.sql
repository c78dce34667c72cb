-- How far each merchant's sandbox clock is ahead, as far as its waiting deliveries have followed. A position can be
-- asked for again, where a move was lost with its message.
create table sandbox_clocks (
  merchant_id uuid primary key,
  offset_seconds bigint not null check (offset_seconds > 0),
  -- How far the last move went, for the statement that makes it.
  moved_seconds bigint not null check (moved_seconds > 0)
);
drop table sandbox_clock_moves;
