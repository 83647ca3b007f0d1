-- The users who spent most, summed over all orders, as the original did. The cost grows with the history.
SELECT user_id, CAST(SUM(total_cents) AS UNSIGNED) AS expense_cents
FROM orders
GROUP BY user_id
ORDER BY expense_cents DESC, user_id
LIMIT ?
