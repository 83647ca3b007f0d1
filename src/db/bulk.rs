//! Filling a whole store: many rows per statement, and the questions around it.
//!
//! The caller bounds the number of rows; 8,192 orders with their lines are half a mebibyte each, far under the largest
//! packet.

use std::time::SystemTime;

use serde::Serialize;

use super::rows::Rows;
use super::{DbError, Session};
use crate::domain::{Cents, OrderId, PricedLine, Product, ProductId, User, UserId};

/// An order that was placed at a given instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastOrder {
    /// Its number.
    pub id: OrderId,
    /// Who ordered.
    pub user_id: UserId,
    /// The sum of its lines.
    pub total: Cents,
    /// When.
    pub created_at: SystemTime,
    /// One line per product, in the order of product ids.
    pub lines: Vec<PricedLine>,
}

/// How many rows the tables of a store have.
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
    /// Rows of `idempotency_keys`.
    pub idempotency_keys: u64,
}

impl Contents {
    /// All rows together.
    pub fn rows(&self) -> u64 {
        let catalog = self.products + self.stocks + self.users + self.user_totals;
        catalog + self.orders + self.order_items + self.idempotency_keys
    }
}

/// The tables of a store in the order in which they are emptied. The rows that every order needs go first, so that no
/// order can be placed in between; products go last, so that a store half emptied is products without stock.
const TABLES: [&str; 7] = ["stocks", "user_totals", "order_items", "orders", "idempotency_keys", "users", "products"];

/// The name of the lock that a seed holds. Such names belong to the whole server and have at most 64 characters, so the
/// database's name goes in hashed.
const SEED_LOCK: &str = "CONCAT('storemgr.seed.', LEFT(SHA2(DATABASE(), 256), 32))";

/// How long to wait for that lock, in seconds.
const LOCK_WAIT_S: u32 = 2;

impl Session {
    /// Takes the lock that keeps two seeds from filling one database at the same time, if it is free: within a moment,
    /// because the server may not have noticed yet that the one before was killed. It is held until the connection ends.
    pub async fn try_lock_seed(&mut self) -> Result<bool, DbError> {
        let sql = format!("SELECT GET_LOCK({SEED_LOCK}, {LOCK_WAIT_S})");
        Ok(self.run_rows::<Option<u8>>(&sql).await?.first() == Some(&Some(1)))
    }

    /// Fails unless this connection still holds the lock that [`Session::try_lock_seed`] took.
    pub async fn confirm_seed_lock(&mut self) -> Result<(), DbError> {
        let sql = format!("SELECT IS_USED_LOCK({SEED_LOCK}) = CONNECTION_ID()");
        match self.run_rows::<Option<u8>>(&sql).await?.first() {
            Some(Some(1)) => Ok(()),
            _ => Err(DbError::Lost),
        }
    }

    /// Counts the rows of the store.
    pub async fn contents(&mut self) -> Result<Contents, DbError> {
        let sql = "SELECT (SELECT COUNT(*) FROM products), (SELECT COUNT(*) FROM stocks), \
                   (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM user_totals), \
                   (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM order_items), \
                   (SELECT COUNT(*) FROM idempotency_keys)";
        let row = self.run_rows::<(u64, u64, u64, u64, u64, u64, u64)>(sql).await?.into_iter().next();
        let row = row.ok_or_else(|| DbError::Unexpected("no counts".to_owned()))?;
        let (products, stocks, users, user_totals, orders, order_items, idempotency_keys) = row;
        Ok(Contents { products, stocks, users, user_totals, orders, order_items, idempotency_keys })
    }

    /// Deletes every row of the store. The numbers that orders were given stay given: instances that run hold blocks of
    /// them, and no number may mean two orders.
    pub async fn empty_store(&mut self) -> Result<(), DbError> {
        for table in TABLES {
            self.run(&format!("TRUNCATE TABLE {table}")).await?;
        }
        Ok(())
    }

    /// Makes sure that new orders get numbers from `next` on; gives the number that would have come next before.
    pub async fn skip_order_ids(&mut self, next: u64) -> Result<u64, DbError> {
        let before = self.run_rows::<u64>("SELECT next_id FROM id_blocks WHERE name = 'orders'").await?;
        let sql = "INSERT INTO id_blocks (name, next_id) VALUES ('orders', ?) \
                   ON DUPLICATE KEY UPDATE next_id = GREATEST(next_id, VALUES(next_id))";
        self.change(sql, (next,)).await?;
        Ok(before.first().copied().unwrap_or(1))
    }

    /// Stores products under their numbers.
    pub async fn insert_products(&mut self, products: &[Product]) -> Result<(), DbError> {
        let mut rows = Rows::into("products (id, name, sku, price_cents)");
        for product in products {
            rows.row().number(product.id.get()).bytes(&product.name).bytes(&product.sku).number(product.price.get());
        }
        self.store([rows]).await
    }

    /// Stores users under their numbers.
    pub async fn insert_users(&mut self, users: &[User]) -> Result<(), DbError> {
        let mut rows = Rows::into("users (id, name, email)");
        for user in users {
            rows.row().number(user.id.get()).bytes(&user.name).bytes(&user.email);
        }
        self.store([rows]).await
    }

    /// Stores what is there of each product, and what was sold.
    pub async fn insert_stocks(&mut self, stocks: impl Iterator<Item = (ProductId, u64, u64)>) -> Result<(), DbError> {
        let mut rows = Rows::into("stocks (product_id, quantity, quantity_sold)");
        for (id, quantity, sold) in stocks {
            rows.row().number(id.get()).number(quantity).number(sold);
        }
        self.store([rows]).await
    }

    /// Stores how many orders each user placed, and their sum.
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

    /// Stores orders with their lines, all or none. Totals are the caller's.
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

    /// Stores rows in one transaction, even those of a single statement: when the client dies, a statement that the server has
    /// received and not yet begun is undone and not committed into whatever the next seed makes of the store.
    async fn store(&mut self, inserts: impl IntoIterator<Item = Rows>) -> Result<(), DbError> {
        self.begin().await?;
        for rows in inserts {
            self.insert(rows).await?;
        }
        self.commit_or_close().await
    }
}
