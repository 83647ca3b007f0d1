-- Orders, their lines, idempotency keys, and the blocks their numbers come from.

-- Numbers come from blocks that each instance reserves (id_blocks), not from AUTO_INCREMENT: a writer knows the number
-- before it writes, so lines can travel with their order, an outcome can be looked up after a lost connection, and
-- clusters with another auto-increment step behave.
CREATE TABLE IF NOT EXISTS orders (
  id          BIGINT UNSIGNED NOT NULL,
  user_id     BIGINT UNSIGNED NOT NULL,
  total_cents BIGINT UNSIGNED NOT NULL,
  created_at  DATETIME(6)     NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

-- One row per product in an order, clustered by order: the only way lines are read is with their order, or all of them.
CREATE TABLE IF NOT EXISTS order_items (
  order_id         BIGINT UNSIGNED NOT NULL,
  product_id       BIGINT UNSIGNED NOT NULL,
  quantity         INT UNSIGNED    NOT NULL,
  unit_price_cents BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (order_id, product_id)
) ENGINE = InnoDB;

-- What was answered to a key. The answer (order and total) stands here and not only in orders, so that a repeated
-- request gets the same answer after the order was deleted. created_at is indexed for the sweep of expired keys; keys
-- arrive in the order of time, so the index grows at its end.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  idempotency_key VARCHAR(255)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint     BINARY(32)      NOT NULL,
  order_id        BIGINT UNSIGNED NOT NULL,
  total_cents     BIGINT UNSIGNED NOT NULL,
  created_at      DATETIME(6)     NOT NULL,
  PRIMARY KEY (idempotency_key),
  KEY idempotency_keys_created_at (created_at)
) ENGINE = InnoDB;

-- The next number that is free, per kind of row.
CREATE TABLE IF NOT EXISTS id_blocks (
  name    VARCHAR(32)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  next_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB;

INSERT IGNORE INTO id_blocks (name, next_id) VALUES ('orders', 1);
