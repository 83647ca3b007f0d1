-- Columns of the store's tables that need a value and are given none by this program: somebody has added them.
SELECT table_name, column_name
FROM information_schema.columns
WHERE table_schema = DATABASE()
  AND is_nullable = 'NO'
  AND column_default IS NULL
  AND extra NOT LIKE '%auto_increment%'
  AND extra NOT LIKE '%GENERATED%'
  AND table_name IN (
    'products', 'stocks', 'users', 'user_totals', 'orders', 'order_items', 'idempotency_keys', 'id_blocks')
  AND CONCAT(table_name, '.', column_name) NOT IN (
    'products.name', 'products.sku', 'products.price_cents',
    'stocks.product_id', 'stocks.quantity',
    'users.name', 'users.email',
    'user_totals.user_id',
    'orders.id', 'orders.user_id', 'orders.total_cents', 'orders.created_at',
    'order_items.order_id', 'order_items.product_id', 'order_items.quantity', 'order_items.unit_price_cents',
    'idempotency_keys.idempotency_key', 'idempotency_keys.fingerprint', 'idempotency_keys.order_id',
    'idempotency_keys.total_cents', 'idempotency_keys.created_at',
    'id_blocks.name', 'id_blocks.next_id')
ORDER BY table_name, column_name
