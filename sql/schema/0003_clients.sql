-- What clients ask for beyond orders: a user's orders, and keys for every write.

-- A key may hold another answer than an order's. 0 is an order, which is what the version before stores and reads: it
-- refuses a key of another kind as one that was used for something else, because the fingerprints differ.
-- For the other kinds, order_id is the number of what was written (1 a product, 2 a user, 3 a stock that was set, 4 a stock
-- that was moved, 5 a product that was changed), and total_cents the number that was answered beside it, or 0.
-- A write without a key stores a row as well, under a name that no client can send: it is the proof that the write was
-- committed, if COMMIT was not answered.
ALTER TABLE idempotency_keys ADD COLUMN answer_kind TINYINT UNSIGNED NOT NULL DEFAULT 0, ALGORITHM = INSTANT;

-- The orders of a user, in the order of time; the primary key is part of it by itself, and separates those of one instant.
ALTER TABLE orders ADD INDEX orders_user (user_id, created_at), ALGORITHM = INPLACE, LOCK = NONE;
