-- Takes pieces out of the stock, any number of products in one statement that costs the same per row (a CASE over the
-- products would cost their square). Every row exists and is locked by lock_offers.sql, so nothing is ever inserted.
-- VALUES(column) is the spelling that MySQL and MariaDB share.
INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES {rows}
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
