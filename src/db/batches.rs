//! Many orders in one transaction: few round trips, however many there are.
//!
//! A batch is three or four round trips: begin and lock everything, write everything, write the idempotency keys if there
//! are any, commit. COMMIT travels alone and last. Were it sent behind the writes, a connection lost on the way could
//! leave a transaction that has not inserted its orders yet but still will, and looking for them would find nothing.

use mysql_async::prelude::FromRow;

use super::literals::{hex, list, numbers};
use super::rows::Rows;
use super::stocks::{Offer, moved, offer};
use super::{DbError, Session, StoredAnswer};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, OrderId, PricedLine, ProductId, UserId};

/// What a batch found when it began; the rows of products and users are locked until the transaction ends.
#[derive(Debug, Default)]
pub struct Locked {
    /// The products that exist, in their order.
    pub offers: Vec<Offer>,
    /// Of the users asked for, those who exist, in their order.
    pub users: Vec<UserId>,
    /// What was answered to keys before.
    pub answers: Vec<(String, StoredAnswer)>,
}

/// What a batch writes.
#[derive(Debug, Default)]
pub struct BatchRows {
    /// Heads of orders.
    pub orders: Vec<(OrderId, UserId, Cents)>,
    /// Lines of orders.
    pub lines: Vec<(OrderId, PricedLine)>,
    /// Pieces taken out of stocks, one row per product, in the order of products.
    pub sold: Vec<(ProductId, u64)>,
    /// Orders and money added to users' totals, one row per user, in the order of users.
    pub expenses: Vec<(UserId, u64, Cents)>,
    /// What is answered to keys, in the order of keys.
    pub answers: Vec<(IdempotencyKey, Fingerprint, OrderId, Cents)>,
}

impl Session {
    /// Begins a transaction, locks products and users in that order, and looks keys up, in one round trip. Keys are read
    /// last: whoever used one for an order of the same products has committed by then. With `skip_locked`, rows that
    /// another transaction holds are missing from the answer, as if they did not exist.
    pub async fn begin_batch(
        &mut self,
        products: &[ProductId],
        users: &[UserId],
        keys: &[&IdempotencyKey],
        skip_locked: bool,
    ) -> Result<Locked, DbError> {
        let lock = if skip_locked { " SKIP LOCKED" } else { "" };
        let products = numbers(products.iter().map(|product| product.get()));
        let mut sql = include_str!("../../sql/orders/lock_offers.sql").trim_end().replace("{products}", &products);
        sql.push_str(lock);
        if !users.is_empty() {
            sql.push_str(";SELECT user_id FROM user_totals WHERE user_id IN (");
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
        let users = rows::<u64>(next(!users.is_empty()))?.into_iter().map(UserId::new).collect();
        let kept = rows::<(String, Vec<u8>, u64, u64)>(next(!keys.is_empty()))?;
        let kept = kept
            .into_iter()
            .map(|(key, fingerprint, id, total)| Ok((key, StoredAnswer::from_row((fingerprint, id, total))?)));
        Ok(Locked { offers, users, answers: kept.collect::<Result<_, DbError>>()? })
    }

    /// Of rows that [`Session::begin_batch`] did not find, those that are there all the same: another transaction holds
    /// them. A plain read, which waits for nobody.
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

    /// Of numbers, those that a table has in a column.
    async fn present(&mut self, table: &str, column: &str, wanted: Vec<u64>) -> Result<Vec<u64>, DbError> {
        if wanted.is_empty() {
            return Ok(wanted);
        }
        self.run_rows(&format!("SELECT {column} FROM {table} WHERE {column} IN ({})", numbers(wanted))).await
    }

    /// Writes a batch of at least one order, in one round trip; false if one of its users does not exist, and then the
    /// caller undoes it. The caller holds the products' rows and has seen that there is enough.
    pub async fn store_batch(&mut self, rows: &BatchRows) -> Result<bool, DbError> {
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
        sql.push_str(
            " ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), \
             expense_cents = expense_cents + VALUES(expense_cents)",
        );
        // A row that was updated counts twice, a row that was inserted once; and whose row was not there is no user.
        Ok(self.run_change(&sql).await? == 2 * rows.expenses.len() as u64)
    }

    /// Stores what a batch answers to keys. Waits while another transaction holds one of them; a key that exists is a
    /// [`DbError::Duplicate`].
    pub async fn store_answers(&mut self, rows: &BatchRows) -> Result<(), DbError> {
        let columns = "idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at)";
        let mut keys = Rows::into(columns);
        for (key, fingerprint, order, total) in &rows.answers {
            let row = keys.row().bytes(key.as_str()).bytes(fingerprint.as_bytes());
            row.number(order.get()).number(total.get()).now();
        }
        self.insert(keys).await
    }
}

fn rows<T: FromRow>(set: Vec<mysql_async::Row>) -> Result<Vec<T>, DbError> {
    let read = |row| mysql_async::from_row_opt(row).map_err(|error| DbError::Unexpected(error.to_string()));
    set.into_iter().map(read).collect()
}
