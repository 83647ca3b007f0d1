-- Takes pieces out of the stock: any number of products in one statement whose cost grows with the number of rows (that
-- of a CASE over the products would grow with its square). Every row exists and is locked by lock_offers.sql, so nothing
-- is ever inserted. MySQL and MariaDB both accept VALUES(column).
INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES {rows}
ON DUPLICATE KEY UPDATE
  quantity = quantity - VALUES(quantity),
  quantity_sold = quantity_sold + VALUES(quantity_sold)
