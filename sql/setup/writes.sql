-- One of each kind of write that the service makes, a line each: EXPLAIN of it asks for the same rights and columns.
INSERT INTO stocks (product_id, quantity, quantity_sold) VALUES (0, 0, 0) ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity)
DELETE FROM stocks WHERE product_id = 0
INSERT INTO products (name, sku, price_cents) VALUES ('', '', 0)
UPDATE products SET name = '', price_cents = 0 WHERE id = 0
DELETE FROM products WHERE id = 0
INSERT INTO users (name, email) VALUES ('', '')
DELETE FROM users WHERE id = 0
INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES (0, 0, 0) ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count)
DELETE FROM user_totals WHERE user_id = 0
INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (0, 0, 0, UTC_TIMESTAMP(6))
DELETE FROM orders WHERE id = 0
INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (0, 0, 0, 0)
DELETE FROM order_items WHERE order_id = 0
INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at, answer_kind) VALUES ('', '', 0, 0, UTC_TIMESTAMP(6), 0)
DELETE FROM idempotency_keys WHERE idempotency_key = ''
UPDATE id_blocks SET next_id = next_id WHERE name = ''
