\set n random(1, 200000)
select view, updated_at from public_payments where token = 'pst_' || lpad(:n::text, 26, '0');
