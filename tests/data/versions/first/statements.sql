-- What the first version sent to the database in one run of each writer (MariaDB's general log): users, products, stock,
-- orders with and without a key, deletions, reports. One statement per paragraph, or several sent as one. Fingerprints,
-- which the log shows as text, stand here in hexadecimal digits.

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Ada 1', 'ada1@example.org')

INSERT INTO user_totals (user_id) VALUES (1)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Lamp', 'L-1', 250)

INSERT INTO stocks (product_id, quantity) VALUES (1, 0)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Table', 'T-1', 9999)

INSERT INTO stocks (product_id, quantity) VALUES (2, 0)

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 1 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 1

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 2 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 2

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 3 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 4 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 5 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 6 FOR UPDATE

ROLLBACK

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 3, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'

UPDATE id_blocks SET next_id = LAST_INSERT_ID(next_id) + 10000 WHERE name = 'orders'

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
;INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (1,1,2,250);INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (1,1,500,UTC_TIMESTAMP(6));INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES (1,1,500) ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), expense_cents = expense_cents + VALUES(expense_cents)

COMMIT

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1,2)
ORDER BY s.product_id
FOR UPDATE;SELECT idempotency_key, fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key IN (x'6b65792d31')

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,1,1),(2,3,3)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
;INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (2,1,1,250),(2,2,3,9999);INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (2,1,30247,UTC_TIMESTAMP(6));INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES (1,1,30247) ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), expense_cents = expense_cents + VALUES(expense_cents)

INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) VALUES (x'6b65792d31',x'e97c087fa94ee950cb176d32c0a0f6dc150a73a99db5b99a117e69bc1e219271',2,30247,UTC_TIMESTAMP(6))

COMMIT

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1,2)
ORDER BY s.product_id
FOR UPDATE;SELECT idempotency_key, fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key IN (x'6b65792d31')

ROLLBACK

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
;INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (4,2,2,9999);INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (4,1,19998,UTC_TIMESTAMP(6));INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES (1,1,19998) ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), expense_cents = expense_cents + VALUES(expense_cents)

COMMIT

SELECT user_id, total_cents, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM orders WHERE id = 4

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 4 ORDER BY product_id

START TRANSACTION

SELECT user_id, total_cents FROM orders WHERE id = 4 FOR UPDATE

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 4 ORDER BY product_id

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity + VALUES(quantity),
  quantity_sold = quantity_sold - VALUES(quantity_sold)

UPDATE user_totals SET order_count = order_count - 1, expense_cents = expense_cents - 19998 WHERE user_id = 1

DELETE FROM order_items WHERE order_id = 4

DELETE FROM orders WHERE id = 4

COMMIT

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
;INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (5,2,2,9999);INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (5,9,19998,UTC_TIMESTAMP(6));INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES (9,1,19998) ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), expense_cents = expense_cents + VALUES(expense_cents)

ROLLBACK

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE;SELECT user_id FROM user_totals WHERE user_id IN (9) ORDER BY user_id FOR UPDATE

SELECT user_id FROM user_totals WHERE user_id IN (9)

ROLLBACK

START TRANSACTION;
SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE;SELECT user_id FROM user_totals WHERE user_id IN (1) ORDER BY user_id FOR UPDATE

ROLLBACK

SELECT id, name, sku, price_cents FROM products WHERE id = 1

SELECT id, name, sku, price_cents FROM products WHERE id > 0 ORDER BY id LIMIT 3

SELECT id, name, email FROM users WHERE id = 1

SELECT quantity FROM stocks WHERE product_id = 1

SELECT p.id, p.name, p.sku, p.price_cents, s.quantity FROM products p JOIN stocks s ON s.product_id = p.id WHERE p.id > 0 ORDER BY p.id LIMIT 1000

SELECT product_id, quantity_sold
FROM stocks
WHERE quantity_sold > 0
ORDER BY quantity_sold DESC, product_id
LIMIT 100

SELECT user_id, expense_cents
FROM user_totals
WHERE order_count > 0
ORDER BY expense_cents DESC, user_id
LIMIT 100

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Gone', 'G-1', 100)

INSERT INTO stocks (product_id, quantity) VALUES (3, 0)

COMMIT

START TRANSACTION

SELECT quantity_sold FROM stocks WHERE product_id = 3 FOR UPDATE

DELETE FROM stocks WHERE product_id = 3

DELETE FROM products WHERE id = 3

COMMIT

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Gone', 'gone1@example.org')

INSERT INTO user_totals (user_id) VALUES (2)

COMMIT

START TRANSACTION

SELECT order_count FROM user_totals WHERE user_id = 2 FOR UPDATE

DELETE FROM user_totals WHERE user_id = 2

DELETE FROM users WHERE id = 2

COMMIT

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 120, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'

SELECT version, checksum FROM schema_migrations ORDER BY version

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 5, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'

SELECT VERSION(), @@max_connections

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 3, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Ada 2', 'ada2@example.org')

INSERT INTO user_totals (user_id) VALUES (3)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Lamp', 'L-1', 250)

INSERT INTO stocks (product_id, quantity) VALUES (4, 0)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Table', 'T-1', 9999)

INSERT INTO stocks (product_id, quantity) VALUES (5, 0)

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 1 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 1

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 2 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 2

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 3 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 4 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 4

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 5 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 5

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 6 FOR UPDATE

ROLLBACK

UPDATE id_blocks SET next_id = LAST_INSERT_ID(next_id) + 10000 WHERE name = 'orders'

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10001,1,2,250)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10001, 1, 500, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 500 WHERE user_id = 1

COMMIT

SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = 'key-2'

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1,2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,1,1),(2,3,3)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10002,1,1,250),(10002,2,3,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10002, 1, 30247, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 30247 WHERE user_id = 1

INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) VALUES ('key-2', x'e97c087fa94ee950cb176d32c0a0f6dc150a73a99db5b99a117e69bc1e219271', 10002, 30247, UTC_TIMESTAMP(6))

COMMIT

SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = 'key-2'

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10003,2,2,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10003, 1, 19998, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 19998 WHERE user_id = 1

COMMIT

SELECT user_id, total_cents, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM orders WHERE id = 10003

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 10003 ORDER BY product_id

START TRANSACTION

SELECT user_id, total_cents FROM orders WHERE id = 10003 FOR UPDATE

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 10003 ORDER BY product_id

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity + VALUES(quantity),
  quantity_sold = quantity_sold - VALUES(quantity_sold)

UPDATE user_totals SET order_count = order_count - 1, expense_cents = expense_cents - 19998 WHERE user_id = 1

DELETE FROM order_items WHERE order_id = 10003

DELETE FROM orders WHERE id = 10003

COMMIT

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10004,2,2,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10004, 9, 19998, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 19998 WHERE user_id = 9

ROLLBACK

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

ROLLBACK

SELECT id, name, sku, price_cents FROM products WHERE id = 1

SELECT id, name, sku, price_cents FROM products WHERE id > 0 ORDER BY id LIMIT 3

SELECT id, name, email FROM users WHERE id = 1

SELECT quantity FROM stocks WHERE product_id = 1

SELECT p.id, p.name, p.sku, p.price_cents, s.quantity FROM products p JOIN stocks s ON s.product_id = p.id WHERE p.id > 0 ORDER BY p.id LIMIT 1000

SELECT product_id, CAST(SUM(quantity) AS UNSIGNED) AS quantity_sold
FROM order_items
GROUP BY product_id
ORDER BY quantity_sold DESC, product_id
LIMIT 100

SELECT user_id, CAST(SUM(total_cents) AS UNSIGNED) AS expense_cents
FROM orders
GROUP BY user_id
ORDER BY expense_cents DESC, user_id
LIMIT 100

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Gone', 'G-1', 100)

INSERT INTO stocks (product_id, quantity) VALUES (6, 0)

COMMIT

START TRANSACTION

SELECT quantity_sold FROM stocks WHERE product_id = 6 FOR UPDATE

DELETE FROM stocks WHERE product_id = 6

DELETE FROM products WHERE id = 6

COMMIT

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Gone', 'gone2@example.org')

INSERT INTO user_totals (user_id) VALUES (4)

COMMIT

START TRANSACTION

SELECT order_count FROM user_totals WHERE user_id = 4 FOR UPDATE

DELETE FROM user_totals WHERE user_id = 4

DELETE FROM users WHERE id = 4

COMMIT

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Ada 3', 'ada3@example.org')

INSERT INTO user_totals (user_id) VALUES (5)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Lamp', 'L-1', 250)

INSERT INTO stocks (product_id, quantity) VALUES (7, 0)

COMMIT

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Table', 'T-1', 9999)

INSERT INTO stocks (product_id, quantity) VALUES (8, 0)

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 1 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 1

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 2 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 2

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 3 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 4 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 4

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 5 FOR UPDATE

UPDATE stocks SET quantity = 1000 WHERE product_id = 5

COMMIT

START TRANSACTION

SELECT product_id FROM stocks WHERE product_id = 6 FOR UPDATE

ROLLBACK

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10006,1,2,250)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10006, 1, 500, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 500 WHERE user_id = 1

COMMIT

SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = 'key-3'

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (1,2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (1,1,1),(2,3,3)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10007,1,1,250),(10007,2,3,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10007, 1, 30247, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 30247 WHERE user_id = 1

INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) VALUES ('key-3', x'e97c087fa94ee950cb176d32c0a0f6dc150a73a99db5b99a117e69bc1e219271', 10007, 30247, UTC_TIMESTAMP(6))

COMMIT

SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = 'key-3'

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10008,2,2,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10008, 1, 19998, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 19998 WHERE user_id = 1

COMMIT

SELECT user_id, total_cents, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM orders WHERE id = 10008

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 10008 ORDER BY product_id

START TRANSACTION

SELECT user_id, total_cents FROM orders WHERE id = 10008 FOR UPDATE

SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = 10008 ORDER BY product_id

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity + VALUES(quantity),
  quantity_sold = quantity_sold - VALUES(quantity_sold)

UPDATE user_totals SET order_count = order_count - 1, expense_cents = expense_cents - 19998 WHERE user_id = 1

DELETE FROM order_items WHERE order_id = 10008

DELETE FROM orders WHERE id = 10008

COMMIT

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES (2,2,2)
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)

INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (10009,2,2,9999)

INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (10009, 9, 19998, UTC_TIMESTAMP(6))

UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + 19998 WHERE user_id = 9

ROLLBACK

START TRANSACTION

SELECT s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN (2)
ORDER BY s.product_id
FOR UPDATE

ROLLBACK

SELECT id, name, sku, price_cents FROM products WHERE id = 1

SELECT id, name, sku, price_cents FROM products WHERE id > 0 ORDER BY id LIMIT 3

SELECT id, name, email FROM users WHERE id = 1

SELECT quantity FROM stocks WHERE product_id = 1

SELECT p.id, p.name, p.sku, p.price_cents, s.quantity FROM products p JOIN stocks s ON s.product_id = p.id WHERE p.id > 0 ORDER BY p.id LIMIT 1000

SELECT product_id, CAST(SUM(quantity) AS UNSIGNED) AS quantity_sold
FROM order_items
GROUP BY product_id
ORDER BY quantity_sold DESC, product_id
LIMIT 100

SELECT user_id, CAST(SUM(total_cents) AS UNSIGNED) AS expense_cents
FROM orders
GROUP BY user_id
ORDER BY expense_cents DESC, user_id
LIMIT 100

START TRANSACTION

INSERT INTO products (name, sku, price_cents) VALUES ('Gone', 'G-1', 100)

INSERT INTO stocks (product_id, quantity) VALUES (9, 0)

COMMIT

START TRANSACTION

SELECT quantity_sold FROM stocks WHERE product_id = 9 FOR UPDATE

DELETE FROM stocks WHERE product_id = 9

DELETE FROM products WHERE id = 9

COMMIT

START TRANSACTION

INSERT INTO users (name, email) VALUES ('Gone', 'gone3@example.org')

INSERT INTO user_totals (user_id) VALUES (6)

COMMIT

START TRANSACTION

SELECT order_count FROM user_totals WHERE user_id = 6 FOR UPDATE

DELETE FROM user_totals WHERE user_id = 6

DELETE FROM users WHERE id = 6

COMMIT
