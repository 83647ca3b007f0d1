//! Many orders in one transaction, in a number of round trips that does not depend on the number of orders.
//!
//! A batch takes three or four round trips: begin and lock everything, write everything, write the idempotency keys if
//! there are any, commit. COMMIT is sent alone and last. If it were sent together with the writes, a connection lost on
//! the way could leave a transaction that has not inserted its orders yet but still will, and a lookup would find
//! nothing.

use std::fmt::Write;
use std::time::Duration;

use mysql_async::prelude::FromRow;

use super::literals::{hex, list, numbers};
use super::rows::Rows;
use super::stocks::{Offer, moved, offer};
use super::{DbError, Session, StoredAnswer};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, MAX_USER_TOTAL, OrderId, PricedLine, ProductId, UserId};

/// Rows found at the beginning of a batch; those of products and users are locked until the transaction ends.
#[derive(Debug, Default)]
pub struct Locked {
    /// The products that exist, sorted by number.
    pub offers: Vec<Offer>,
    /// The requested users that exist, sorted by number, and the sum of their orders so far.
    pub users: Vec<(UserId, Cents)>,
    /// Answers stored for idempotency keys.
    pub answers: Vec<(String, StoredAnswer)>,
}

/// How a batch treats rows that another transaction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Waits for them, at most this long.
    Wait(Duration),
    /// Skips them.
    SkipLocked,
}

impl Patience {
    /// Duration after which a writing statement is taken to wait for a row.
    fn for_writing(self) -> Duration {
        match self {
            Self::Wait(limit) => limit,
            // Its rows are already locked, so it is slow for another reason, or waits for something that cannot be
            // identified.
            Self::SkipLocked => UNLIMITED,
        }
    }

    /// Beginning of a query with a time limit, valid on both servers: MariaDB executes `/*M!`, and MySQL executes
    /// `/*+`. The limit also ends a wait for a row, and is finer than lock wait timeouts, which are whole seconds.
    fn select(self) -> String {
        let limit = match self {
            Self::Wait(limit) => limit,
            // It waits for no row, but it would wait for a locked table.
            Self::SkipLocked => SKIP_LIMIT,
        };
        let (seconds, millis) = (limit.as_secs_f64(), limit.as_millis());
        format!(
            "/*M! SET STATEMENT max_statement_time = {seconds:.3} FOR */ SELECT /*+ MAX_EXECUTION_TIME({millis}) */"
        )
    }
}

/// No limit besides those of the statement itself.
const UNLIMITED: Duration = Duration::from_hours(1);

/// Longest duration of a locking query that skips held rows.
const SKIP_LIMIT: Duration = Duration::from_secs(1);

/// Rows that a batch writes.
#[derive(Debug, Default)]
pub struct BatchRows {
    /// Heads of orders.
    pub orders: Vec<(OrderId, UserId, Cents)>,
    /// Lines of orders.
    pub lines: Vec<(OrderId, PricedLine)>,
    /// Pieces taken from stocks, one row per product, sorted by product.
    pub sold: Vec<(ProductId, u64)>,
    /// Orders and money added to users' totals, one row per user, sorted by user.
    pub expenses: Vec<(UserId, u64, Cents)>,
    /// Answers to store for keys, sorted by key.
    pub answers: Vec<(IdempotencyKey, Fingerprint, OrderId, Cents)>,
}

impl Session {
    /// Begins a transaction, locks products and users in that order, and reads the keys, in one round trip. Keys are
    /// read last: a transaction that used one for an order of the same products has committed by then. With
    /// [`Patience::SkipLocked`], rows that another transaction holds are missing from the result, as if they did not
    /// exist.
    pub async fn begin_batch(
        &mut self,
        products: &[ProductId],
        users: &[UserId],
        keys: &[&IdempotencyKey],
        patience: Patience,
    ) -> Result<Locked, DbError> {
        let lock = if patience == Patience::SkipLocked { " SKIP LOCKED" } else { "" };
        let select = patience.select();
        let products = numbers(products.iter().map(|product| product.get()));
        let mut sql = include_str!("../../sql/orders/lock_offers.sql").trim_end().replace("{products}", &products);
        sql = sql.replace("{select}", &select);
        sql.push_str(lock);
        if !users.is_empty() {
            sql.push(';');
            sql.push_str(&select);
            sql.push_str(" user_id, expense_cents FROM user_totals WHERE user_id IN (");
            sql.push_str(&numbers(users.iter().map(|user| user.get())));
            sql.push_str(") ORDER BY user_id FOR UPDATE");
            sql.push_str(lock);
        }
        if !keys.is_empty() {
            sql.push_str(
                ";SELECT idempotency_key, fingerprint, order_id, total_cents FROM idempotency_keys \
                 WHERE idempotency_key IN (",
            );
            sql.push_str(&list(keys, |sql, key| hex(sql, key.as_str().as_bytes())));
            sql.push(')');
        }
        let mut answers = self.begin_and_query(&sql).await?.into_iter();
        let mut next = |asked: bool| if asked { answers.next().unwrap_or_default() } else { Vec::new() };
        let offers = rows::<(u64, u64, u64)>(next(true))?.into_iter().map(offer).collect();
        let users = rows::<(u64, u64)>(next(!users.is_empty()))?.into_iter();
        let users = users.map(|(id, cents)| (UserId::new(id), Cents::new(cents))).collect();
        let kept = rows::<(String, Vec<u8>, u64, u64)>(next(!keys.is_empty()))?;
        let kept = kept
            .into_iter()
            .map(|(key, fingerprint, id, total)| Ok((key, StoredAnswer::from_row((fingerprint, id, total))?)));
        Ok(Locked { offers, users, answers: kept.collect::<Result<_, DbError>>()? })
    }

    /// The rows not found by [`Session::begin_batch`] that do exist, so that another transaction holds them. A plain
    /// read, which does not wait for locks.
    pub async fn rows_passed_over(
        &mut self,
        products: &[ProductId],
        users: &[UserId],
    ) -> Result<(Vec<ProductId>, Vec<UserId>), DbError> {
        let products =
            self.present("stocks", "product_id", products.iter().map(|product| product.get()).collect()).await?;
        let users = self.present("user_totals", "user_id", users.iter().map(|user| user.get()).collect()).await?;
        Ok((products.into_iter().map(ProductId::new).collect(), users.into_iter().map(UserId::new).collect()))
    }

    /// The given products and users whose rows another transaction holds. Runs in its own transaction and does not
    /// wait.
    pub async fn rows_held(
        &mut self,
        products: &[ProductId],
        users: &[UserId],
    ) -> Result<(Vec<ProductId>, Vec<UserId>), DbError> {
        let locked = self.begin_batch(products, users, &[], Patience::SkipLocked).await;
        self.rollback().await;
        let locked = locked?;
        let products = products.iter().filter(|id| !locked.offers.iter().any(|offer| offer.product_id == **id));
        let users = users.iter().filter(|id| !locked.users.iter().any(|(user, _)| user == *id));
        let (products, users): (Vec<_>, Vec<_>) = (products.copied().collect(), users.copied().collect());
        self.rows_passed_over(&products, &users).await
    }

    /// The given numbers that exist in a column of a table.
    async fn present(&mut self, table: &str, column: &str, wanted: Vec<u64>) -> Result<Vec<u64>, DbError> {
        if wanted.is_empty() {
            return Ok(wanted);
        }
        self.run_rows(&format!("SELECT {column} FROM {table} WHERE {column} IN ({})", numbers(wanted))).await
    }

    /// The given keys that another transaction, which has not ended, has stored, as far as this can be detected. Runs
    /// inside the caller's transaction and does not wait.
    pub async fn keys_held(&mut self, keys: &[&IdempotencyKey]) -> Result<Vec<IdempotencyKey>, DbError> {
        let mut held = Vec::new();
        // A statement only shows whether any of its keys is held, so the list is halved until each held key is alone.
        let mut parts = vec![keys];
        while let Some(part) = parts.pop() {
            let list = list(part, |sql, key| hex(sql, key.as_str().as_bytes()));
            let sql = format!(
                "SELECT idempotency_key FROM idempotency_keys WHERE idempotency_key IN ({list}) FOR UPDATE NOWAIT"
            );
            match (self.run_rows::<String>(&sql).await, part) {
                (Ok(_), _) => {}
                (Err(DbError::LockTimeout), [key]) => held.push((*key).clone()),
                (Err(DbError::LockTimeout), part) => parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
                (Err(error), _) => return Err(error),
            }
        }
        Ok(held)
    }

    /// Writes a batch of at least one order in one round trip. Returns false if one of its users does not exist; the
    /// caller then undoes the transaction. The error is [`DbError::Data`] if a user's total would exceed
    /// [`MAX_USER_TOTAL`]. The caller holds the products' rows and has checked the stock.
    pub async fn store_batch(&mut self, rows: &BatchRows, patience: Patience) -> Result<bool, DbError> {
        let mut lines = Rows::into("order_items (order_id, product_id, quantity, unit_price_cents)");
        for (order, line) in &rows.lines {
            let row = lines.row().number(order.get()).number(line.product_id.get());
            row.number(u64::from(line.quantity)).number(line.unit_price.get());
        }
        let mut orders = Rows::into("orders (id, user_id, total_cents, created_at)");
        for (id, user, total) in &rows.orders {
            orders.row().number(id.get()).number(user.get()).number(total.get()).now();
        }
        let mut expenses = Rows::into("user_totals (user_id, order_count, expense_cents)");
        for (user, orders, cents) in &rows.expenses {
            expenses.row().number(user.get()).number(*orders).number(cents.get());
        }
        let sold = moved(rows.sold.iter().copied());
        let mut sql = include_str!("../../sql/orders/sell_all.sql").replace("{rows}", &sold);
        for insert in [lines, orders, expenses] {
            sql.push(';');
            sql.push_str(&insert.finish().unwrap_or_default());
        }
        sql.push_str(" ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), expense_cents = ");
        // A negative difference of unsigned numbers is an error, so the total cannot exceed the limit.
        let limit = MAX_USER_TOTAL.get();
        // Writing to a String cannot fail.
        let _ = write!(sql, "{limit} - ({limit} - expense_cents - VALUES(expense_cents))");
        // MySQL counts an updated row twice and an inserted row once; an inserted row means that the user does not
        // exist.
        Ok(self.run_changes_within(patience.for_writing(), 4, &sql).await? == 2 * rows.expenses.len() as u64)
    }

    /// Stores the answers of a batch to keys. Waits while another transaction holds one of them, up to the batch's
    /// patience; an existing key is a [`DbError::Duplicate`].
    pub async fn store_answers(&mut self, rows: &BatchRows, patience: Patience) -> Result<(), DbError> {
        let columns = "idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at)";
        let mut keys = Rows::into(columns);
        for (key, fingerprint, order, total) in &rows.answers {
            let row = keys.row().bytes(key.as_str()).bytes(fingerprint.as_bytes());
            row.number(order.get()).number(total.get()).now();
        }
        self.run_changes_within(patience.for_writing(), 1, &keys.finish().unwrap_or_default()).await?;
        Ok(())
    }
}

fn rows<T: FromRow>(set: Vec<mysql_async::Row>) -> Result<Vec<T>, DbError> {
    let read = |row| mysql_async::from_row_opt(row).map_err(|error| DbError::Unexpected(error.to_string()));
    set.into_iter().map(read).collect()
}
