//! Fills a whole store with many rows per statement, and counts, empties and locks it.
//!
//! The caller limits the number of rows; 8,192 orders with their lines are half a mebibyte, far below the largest
//! packet.

use std::time::SystemTime;

use serde::Serialize;

use super::rows::Rows;
use super::{DbError, Session};
use crate::domain::{Cents, OrderId, PricedLine, Product, ProductId, User, UserId};

/// An order that was placed at a given instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastOrder {
    /// Number of the order.
    pub id: OrderId,
    /// User who placed the order.
    pub user_id: UserId,
    /// The sum of its lines.
    pub total: Cents,
    /// Time of the order.
    pub created_at: SystemTime,
    /// One line per product, sorted by product.
    pub lines: Vec<PricedLine>,
}

/// Number of rows in each table of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Rows of `products`.
    pub products: u64,
    /// Rows of `stocks`; in a whole store one per product.
    pub stocks: u64,
    /// Rows of `users`.
    pub users: u64,
    /// Rows of `user_totals`; in a whole store one per user.
    pub user_totals: u64,
    /// Rows of `orders`.
    pub orders: u64,
    /// Rows of `order_items`.
    pub order_items: u64,
    /// Rows of `idempotency_keys` that clients named.
    pub idempotency_keys: u64,
}

impl Contents {
    /// Sum over all tables.
    pub fn rows(&self) -> u64 {
        let catalog = self.products + self.stocks + self.users + self.user_totals;
        catalog + self.orders + self.order_items + self.idempotency_keys
    }
}

/// Tables of a store in the order in which they are emptied. The rows that every order needs are deleted first, so that
/// no order can be placed in between; products are deleted last, so that a half-emptied store has products without
/// stock.
const TABLES: [&str; 7] = ["stocks", "user_totals", "order_items", "orders", "idempotency_keys", "users", "products"];

/// Name of the lock that a seed holds. Lock names belong to the whole server and have at most 64 characters, so the
/// name of the database is hashed.
const SEED_LOCK: &str = "CONCAT('storemgr.seed.', LEFT(SHA2(DATABASE(), 256), 32))";

/// Longest wait for that lock, in seconds.
const LOCK_WAIT_S: u32 = 2;

impl Session {
    /// Takes the lock that prevents two seeds from filling one database at the same time, if it is free. Waits a
    /// moment, because the server may not have noticed yet that the previous seed was killed. Held until the connection
    /// ends.
    pub async fn try_lock_seed(&mut self) -> Result<bool, DbError> {
        let sql = format!("SELECT GET_LOCK({SEED_LOCK}, {LOCK_WAIT_S})");
        Ok(self.run_rows::<Option<u8>>(&sql).await?.first() == Some(&Some(1)))
    }

    /// Fails if this connection no longer holds the lock that [`Session::try_lock_seed`] took.
    pub async fn confirm_seed_lock(&mut self) -> Result<(), DbError> {
        let sql = format!("SELECT IS_USED_LOCK({SEED_LOCK}) = CONNECTION_ID()");
        match self.run_rows::<Option<u8>>(&sql).await?.first() {
            Some(Some(1)) => Ok(()),
            _ => Err(DbError::Lost),
        }
    }

    /// Counts the rows of each table of the store.
    pub async fn contents(&mut self) -> Result<Contents, DbError> {
        let sql = "SELECT (SELECT COUNT(*) FROM products), (SELECT COUNT(*) FROM stocks), \
                   (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM user_totals), \
                   (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM order_items), \
                   (SELECT COUNT(*) FROM idempotency_keys WHERE idempotency_key NOT LIKE ' %')";
        let row = self.run_rows::<(u64, u64, u64, u64, u64, u64, u64)>(sql).await?.into_iter().next();
        let row = row.ok_or_else(|| DbError::Unexpected("no counts".to_owned()))?;
        let (products, stocks, users, user_totals, orders, order_items, idempotency_keys) = row;
        Ok(Contents { products, stocks, users, user_totals, orders, order_items, idempotency_keys })
    }

    /// Deletes every row of the store. Order numbers are not reset: running instances hold blocks of them, and no
    /// number may mean two orders.
    pub async fn empty_store(&mut self) -> Result<(), DbError> {
        for table in TABLES {
            self.run(&format!("TRUNCATE TABLE {table}")).await?;
        }
        Ok(())
    }

    /// Makes new orders get numbers from `next` on; returns the number that would have come next before.
    pub async fn skip_order_ids(&mut self, next: u64) -> Result<u64, DbError> {
        let before = self.run_rows::<u64>("SELECT next_id FROM id_blocks WHERE name = 'orders'").await?;
        let sql = "INSERT INTO id_blocks (name, next_id) VALUES ('orders', ?) \
                   ON DUPLICATE KEY UPDATE next_id = GREATEST(next_id, VALUES(next_id))";
        self.change(sql, (next,)).await?;
        Ok(before.first().copied().unwrap_or(1))
    }

    /// Stores products with their given numbers.
    pub async fn insert_products(&mut self, products: &[Product]) -> Result<(), DbError> {
        let mut rows = Rows::into("products (id, name, sku, price_cents)");
        for product in products {
            rows.row().number(product.id.get()).bytes(&product.name).bytes(&product.sku).number(product.price.get());
        }
        self.store([rows]).await
    }

    /// Stores users with their given numbers.
    pub async fn insert_users(&mut self, users: &[User]) -> Result<(), DbError> {
        let mut rows = Rows::into("users (id, name, email)");
        for user in users {
            rows.row().number(user.id.get()).bytes(&user.name).bytes(&user.email);
        }
        self.store([rows]).await
    }

    /// Stores the available and the sold pieces of each product.
    pub async fn insert_stocks(&mut self, stocks: impl Iterator<Item = (ProductId, u64, u64)>) -> Result<(), DbError> {
        let mut rows = Rows::into("stocks (product_id, quantity, quantity_sold)");
        for (id, quantity, sold) in stocks {
            rows.row().number(id.get()).number(quantity).number(sold);
        }
        self.store([rows]).await
    }

    /// Stores the number and the sum of each user's orders.
    pub async fn insert_user_totals(
        &mut self,
        totals: impl Iterator<Item = (UserId, u64, Cents)>,
    ) -> Result<(), DbError> {
        let mut rows = Rows::into("user_totals (user_id, order_count, expense_cents)");
        for (id, count, expense) in totals {
            rows.row().number(id.get()).number(count).number(expense.get());
        }
        self.store([rows]).await
    }

    /// Stores all orders with their lines, or none. The caller computes the totals.
    pub async fn insert_past_orders(&mut self, orders: &[PastOrder]) -> Result<(), DbError> {
        let mut heads = Rows::into("orders (id, user_id, total_cents, created_at)");
        let mut lines = Rows::into("order_items (order_id, product_id, quantity, unit_price_cents)");
        for order in orders {
            let head = heads.row().number(order.id.get()).number(order.user_id.get()).number(order.total.get());
            head.instant(order.created_at);
            for line in &order.lines {
                let row = lines.row().number(order.id.get()).number(line.product_id.get());
                row.number(u64::from(line.quantity)).number(line.unit_price.get());
            }
        }
        self.store([heads, lines]).await
    }

    /// Stores rows in one transaction, even for a single statement: if the client dies, a statement that the server has
    /// received but not begun is undone instead of being committed into the data of the next seed.
    async fn store(&mut self, inserts: impl IntoIterator<Item = Rows>) -> Result<(), DbError> {
        self.begin().await?;
        for rows in inserts {
            self.insert(rows).await?;
        }
        self.commit_or_close().await
    }
}
