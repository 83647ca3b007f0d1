//! Many orders in one transaction: few round trips, however many there are.
//!
//! A batch is three or four round trips: begin and lock everything, write everything, write the idempotency keys if there
//! are any, commit. COMMIT travels alone and last. Were it sent behind the writes, a connection lost on the way could
//! leave a transaction that has not inserted its orders yet but still will, and looking for them would find nothing.

use mysql_async::prelude::FromRow;

use super::stocks::{Offer, offer};
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
        let products = list(products.iter().map(|product| product.get()), number);
        let mut sql = include_str!("../../sql/orders/lock_offers.sql").trim_end().replace("{products}", &products);
        sql.push_str(lock);
        if !users.is_empty() {
            sql.push_str(";SELECT user_id FROM user_totals WHERE user_id IN (");
            sql.push_str(&list(users.iter().map(|user| user.get()), number));
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
        let products = match products {
            [] => Vec::new(),
            products => {
                let products = list(products.iter().map(|product| product.get()), number);
                self.run_rows::<u64>(&format!("SELECT product_id FROM stocks WHERE product_id IN ({products})")).await?
            }
        };
        let users = match users {
            [] => Vec::new(),
            users => {
                let users = list(users.iter().map(|user| user.get()), number);
                self.run_rows::<u64>(&format!("SELECT user_id FROM user_totals WHERE user_id IN ({users})")).await?
            }
        };
        Ok((products.into_iter().map(ProductId::new).collect(), users.into_iter().map(UserId::new).collect()))
    }

    /// Writes a batch of at least one order, in one round trip; false if one of its users does not exist, and then the
    /// caller undoes it. The caller holds the products' rows and has seen that there is enough.
    pub async fn store_batch(&mut self, rows: &BatchRows) -> Result<bool, DbError> {
        let sold = list(&rows.sold, |sql, (product, pieces)| row(sql, [product.get(), *pieces, *pieces]));
        let mut sql = include_str!("../../sql/orders/sell_all.sql").replace("{rows}", &sold);
        sql.push_str(";INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES ");
        sql.push_str(&list(&rows.lines, |sql, (order, line)| {
            row(sql, [order.get(), line.product_id.get(), u64::from(line.quantity), line.unit_price.get()]);
        }));
        sql.push_str(";INSERT INTO orders (id, user_id, total_cents, created_at) VALUES ");
        sql.push_str(&list(&rows.orders, |sql, (id, user, total)| {
            row(sql, [id.get(), user.get(), total.get()]);
            sql.pop();
            sql.push_str(",UTC_TIMESTAMP(6))");
        }));
        sql.push_str(";INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES ");
        sql.push_str(&list(&rows.expenses, |sql, (user, orders, cents)| row(sql, [user.get(), *orders, cents.get()])));
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
        let mut sql = "INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) \
                       VALUES "
            .to_owned();
        sql.push_str(&list(&rows.answers, |sql, (key, fingerprint, order, total)| {
            sql.push('(');
            hex(sql, key.as_str().as_bytes());
            sql.push(',');
            hex(sql, fingerprint.as_bytes());
            for value in [order.get(), total.get()] {
                sql.push(',');
                number(sql, value);
            }
            sql.push_str(",UTC_TIMESTAMP(6))");
        }));
        self.run(&sql).await
    }
}

fn rows<T: FromRow>(set: Vec<mysql_async::Row>) -> Result<Vec<T>, DbError> {
    let read = |row| mysql_async::from_row_opt(row).map_err(|error| DbError::Unexpected(error.to_string()));
    set.into_iter().map(read).collect()
}

/// Values with commas between them.
fn list<T>(values: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) -> String {
    let mut sql = String::new();
    for value in values {
        if !sql.is_empty() {
            sql.push(',');
        }
        write(&mut sql, value);
    }
    sql
}

fn number(sql: &mut String, value: u64) {
    sql.push_str(itoa::Buffer::new().format(value));
}

/// A row of whole numbers, as it stands behind VALUES.
fn row<const N: usize>(sql: &mut String, values: [u64; N]) {
    sql.push('(');
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            sql.push(',');
        }
        number(sql, value);
    }
    sql.push(')');
}

/// Bytes as a hexadecimal literal: text from outside that cannot end a string.
fn hex(sql: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    sql.push_str("x'");
    for byte in bytes {
        sql.push(char::from(DIGITS[usize::from(byte >> 4)]));
        sql.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_sql_wants_them() {
        assert_eq!(list([[1, 2, 3], [4, 5, 6]], row), "(1,2,3),(4,5,6)");
        assert_eq!(list([&b"a'b"[..], b"\\"], hex), "x'612762',x'5c'");
        assert_eq!(list(Vec::<u64>::new(), number), "");
    }
}
