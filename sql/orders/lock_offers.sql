-- Reads stock and price of the products of one order or of many; the rows stay locked until the transaction ends.
-- STRAIGHT_JOIN keeps stocks first: every transaction locks rows in the order of its primary key, which keeps orders of
-- the same products from deadlocking. {select} is SELECT, with or without a time limit.
{select} s.product_id, s.quantity, p.price_cents
FROM stocks s
STRAIGHT_JOIN products p ON p.id = s.product_id
WHERE s.product_id IN ({products})
ORDER BY s.product_id
FOR UPDATE
