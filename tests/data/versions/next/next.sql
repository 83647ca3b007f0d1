-- A migration as the next version may have it, for tests: one of every kind of change that a migration may make, on the
-- tables that grow with the orders. It is not part of the product.

ALTER TABLE orders ADD COLUMN channel VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL, ALGORITHM = INSTANT;

ALTER TABLE order_items ADD COLUMN discount_cents BIGINT UNSIGNED NOT NULL DEFAULT 0, ALGORITHM = INSTANT;

-- The largest index that a store may get.
ALTER TABLE order_items ADD INDEX order_items_product (product_id, order_id), ALGORITHM = INPLACE, LOCK = NONE;

ALTER TABLE orders ADD INDEX orders_total (user_id, total_cents), ALGORITHM = INPLACE, LOCK = NONE;

ALTER TABLE idempotency_keys ADD COLUMN owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ALGORITHM = INSTANT;

ALTER TABLE products MODIFY COLUMN name VARCHAR(250) NOT NULL, ALGORITHM = INPLACE, LOCK = NONE;

CREATE TABLE IF NOT EXISTS stock_movements (
  id         BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  pieces     INT             NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

INSERT IGNORE INTO id_blocks (name, next_id) VALUES ('movements', 1);
