-- Products, their stock, and users.
--
-- Money is integer cents. Text is compared byte by byte (utf8mb4_bin), the same on MySQL and MariaDB, whose default
-- collations differ; e-mail addresses are stored in lower case by the application.
-- There are no foreign keys: the rows that an order must change anyway (stocks, user_totals) are its guards. A product
-- cannot disappear under an order that holds its stock row, a user not under one that holds the user's totals. That
-- saves an index on orders.user_id and one on order_items.product_id, a shared lock per line, and works on clusters and
-- sharded databases where foreign keys do not.

CREATE TABLE IF NOT EXISTS products (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name        VARCHAR(200)    NOT NULL,
  sku         VARCHAR(64)     NOT NULL,
  price_cents BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per product, made with the product: how many pieces are there, and how many were sold (the read model of the
-- best sellers). Both change with every order line, so they share one row: one update and one lock instead of two.
-- The row is narrow, so that reading the top ten of 10,000 products touches some 30 pages. No index on quantity_sold:
-- it would be rewritten by every order.
CREATE TABLE IF NOT EXISTS stocks (
  product_id    BIGINT UNSIGNED NOT NULL,
  quantity      INT UNSIGNED    NOT NULL,
  quantity_sold BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS users (
  id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name  VARCHAR(200)    NOT NULL,
  email VARCHAR(254)    NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY users_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per user, made with the user: the read model of the highest spenders, and the user's guard.
CREATE TABLE IF NOT EXISTS user_totals (
  user_id       BIGINT UNSIGNED NOT NULL,
  order_count   BIGINT UNSIGNED NOT NULL DEFAULT 0,
  expense_cents BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id)
) ENGINE = InnoDB;
