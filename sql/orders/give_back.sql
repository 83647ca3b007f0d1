-- Returns pieces to the stock when an order is deleted: the reverse of sell_all.sql. A product that is part of an order
-- cannot be deleted, so every row exists.
INSERT INTO stocks (product_id, quantity, quantity_sold)
VALUES {rows}
ON DUPLICATE KEY UPDATE
  quantity = quantity + VALUES(quantity),
  quantity_sold = quantity_sold - VALUES(quantity_sold)
