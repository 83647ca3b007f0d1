//! Many orders in one transaction: few round trips, however many there are.
//!
//! A batch is three or four round trips: begin and lock everything, write everything, write the idempotency keys if there
//! are any, commit. COMMIT travels alone and last. Were it sent behind the writes, a connection lost on the way could
//! leave a transaction that has not inserted its orders yet but still will, and looking for them would find nothing.

use std::fmt::{Display, Write};

use mysql_async::prelude::FromRow;

use super::stocks::{Offer, offer};
use super::{DbError, Session, StoredAnswer};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, OrderId, PricedLine, ProductId, UserId};

/// What a batch found when it began; the rows of products and users are locked until the transaction ends.
#[derive(Debug, Default)]
pub struct Locked {
    /// The products that exist, in their order.
    pub offers: Vec<Offer>,
    /// The users who exist, in their order.
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
        let mut sql =
            include_str!("../../sql/orders/lock_offers.sql").trim_end().replace("{products}", &list(products));
        sql.push_str(lock);
        sql.push_str(";SELECT user_id FROM user_totals WHERE user_id IN (");
        sql.push_str(&list(users));
        sql.push_str(") ORDER BY user_id FOR UPDATE");
        sql.push_str(lock);
        if !keys.is_empty() {
            sql.push_str(
                ";SELECT idempotency_key, fingerprint, order_id, total_cents FROM idempotency_keys \
                 WHERE idempotency_key IN (",
            );
            sql.push_str(&list(keys.iter().map(|key| Hex(key.as_str().as_bytes()))));
            sql.push(')');
        }
        let mut answers = self.begin_and_query(&sql).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let offers = rows::<(u64, u64, u64)>(next())?.into_iter().map(offer).collect();
        let users = rows::<u64>(next())?.into_iter().map(UserId::new).collect();
        let kept = rows::<(String, Vec<u8>, u64, u64)>(next())?
            .into_iter()
            .map(|(key, fingerprint, id, total)| Ok((key, StoredAnswer::from_row((fingerprint, id, total))?)));
        Ok(Locked { offers, users, answers: kept.collect::<Result<_, DbError>>()? })
    }

    /// Writes a batch of at least one order, in one round trip. The caller holds the rows of products and users and has
    /// seen that there is enough.
    pub async fn store_batch(&mut self, rows: &BatchRows) -> Result<(), DbError> {
        let sold = list(rows.sold.iter().map(|(product, pieces)| Row([product.get(), *pieces, *pieces])));
        let mut sql = include_str!("../../sql/orders/sell_all.sql").replace("{rows}", &sold);
        sql.push_str(";INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES ");
        sql.push_str(&list(rows.lines.iter().map(|(order, line)| {
            Row([order.get(), line.product_id.get(), u64::from(line.quantity), line.unit_price.get()])
        })));
        sql.push_str(";INSERT INTO orders (id, user_id, total_cents, created_at) VALUES ");
        let order =
            |(id, user, total): &(OrderId, UserId, Cents)| format!("({id},{user},{},UTC_TIMESTAMP(6))", total.get());
        sql.push_str(&list(rows.orders.iter().map(order)));
        sql.push_str(";INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES ");
        sql.push_str(&list(rows.expenses.iter().map(|(user, orders, cents)| Row([user.get(), *orders, cents.get()]))));
        sql.push_str(
            " ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), \
             expense_cents = expense_cents + VALUES(expense_cents)",
        );
        self.run(&sql).await
    }

    /// Stores what a batch answers to keys. Waits while another transaction holds one of them; a key that exists is a
    /// [`DbError::Duplicate`].
    pub async fn store_answers(&mut self, rows: &BatchRows) -> Result<(), DbError> {
        let mut sql = "INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) \
                       VALUES "
            .to_owned();
        sql.push_str(&list(rows.answers.iter().map(|(key, fingerprint, order, total)| {
            let (key, fingerprint) = (Hex(key.as_str().as_bytes()), Hex(fingerprint.as_bytes()));
            format!("({key},{fingerprint},{order},{},UTC_TIMESTAMP(6))", total.get())
        })));
        self.run(&sql).await
    }
}

/// Values with commas between them.
fn list(values: impl IntoIterator<Item = impl Display>) -> String {
    let mut text = String::new();
    for value in values {
        let separator = if text.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{value}");
    }
    text
}

fn rows<T: FromRow>(set: Vec<mysql_async::Row>) -> Result<Vec<T>, DbError> {
    let read = |row| mysql_async::from_row_opt(row).map_err(|error| DbError::Unexpected(error.to_string()));
    set.into_iter().map(read).collect()
}

/// A row of whole numbers, as it stands behind VALUES.
struct Row<const N: usize>([u64; N]);

impl<const N: usize> Display for Row<N> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let separator = if index == 0 { "(" } else { "," };
            write!(formatter, "{separator}{value}")?;
        }
        formatter.write_str(")")
    }
}

/// Bytes as a hexadecimal literal: text from outside that cannot end a string.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("x'")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))?;
        formatter.write_str("'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_sql_wants_them() {
        assert_eq!(list([Row([1, 2, 3]), Row([4, 5, 6])]), "(1,2,3),(4,5,6)");
        assert_eq!(list([Hex(b"a'b"), Hex(b"\\")]), "x'612762',x'5c'");
        assert_eq!(list(Vec::<u8>::new()), "");
    }
}
