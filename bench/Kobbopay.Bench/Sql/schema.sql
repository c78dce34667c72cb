create table if not exists bare_idempotency (
    merchant_id text not null,
    key text not null,
    fingerprint bytea not null,
    answer bytea not null,
    created_at timestamptz not null default now(),
    primary key (merchant_id, key));
create table if not exists bare_payments (
    id text primary key,
    merchant_id text not null,
    order_id text not null,
    amount numeric(78, 0) not null,
    status text not null,
    snapshot jsonb not null,
    created_at timestamptz not null default now());
create index if not exists bare_payments_order on bare_payments (merchant_id, order_id);
create table if not exists bare_outbox (
    id bigint generated always as identity primary key,
    payment_id text not null,
    body bytea not null,
    created_at timestamptz not null default now());
