-- The users who spent most, from the totals that every order updates. A user whose orders were all deleted is not
-- listed, as in the scan.
SELECT user_id, expense_cents
FROM user_totals
WHERE order_count > 0
ORDER BY expense_cents DESC, user_id
LIMIT ?
