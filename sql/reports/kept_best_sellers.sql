-- The products sold most, from the totals that every order keeps. Reads the narrow table of stocks once, whatever the
-- length of the history.
SELECT product_id, quantity_sold
FROM stocks
WHERE quantity_sold > 0
ORDER BY quantity_sold DESC, product_id
LIMIT ?
