-- The best-selling products, from the totals that every order updates. Reads the narrow table of stocks once, however
-- long the history is.
SELECT product_id, quantity_sold
FROM stocks
WHERE quantity_sold > 0
ORDER BY quantity_sold DESC, product_id
LIMIT ?
