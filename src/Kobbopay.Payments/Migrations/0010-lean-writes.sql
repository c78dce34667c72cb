-- What every creation writes. The timeline's payment is written by the same statement, and only PaymentStore writes
-- either: the reference would look it up again and lock its new row, for each step of each payment.
alter table payment_timeline drop constraint payment_timeline_payment_id_fkey;

-- A pending event lives for milliseconds: compressing it, or moving parts of it aside, is work for nobody.
alter table pending_events set (toast_tuple_target = 8160);
