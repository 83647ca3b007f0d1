//! The bare client writes the same orders with the driver alone, without HTTP, queue or server.
//!
//! It does what a careful engineer would write by hand for one order or for many: the application assigns the ids, one
//! round trip locks the stocks in the order of their products and reads the prices, and one writes everything and
//! commits. Tables, totals and durability are those of the store, so that only the way of writing differs.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

use crate::database::Database;
use crate::mix::{Mix, Order};

/// Ids reserved per measurement: more than any measurement uses.
const ENOUGH_NUMBERS: u64 = 100_000_000;

/// The way in which the bare client writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BareClient {
    /// Connections that write at the same time.
    pub(crate) connections: u64,
    /// Orders per transaction.
    pub(crate) orders: usize,
}

impl BareClient {
    /// Writes orders for `duration`; returns the committed orders per second.
    pub(crate) async fn run(self, database: &Database, mix: Mix, duration: Duration) -> Result<f64> {
        let numbers = Arc::new(AtomicU64::new(database.reserve_order_numbers(ENOUGH_NUMBERS).await?));
        let started = Instant::now();
        let writers = (0..self.connections).map(|writer| {
            let options = database.options();
            let numbers = Arc::clone(&numbers);
            tokio::spawn(async move { self.write(options, &numbers, mix, writer, started + duration).await })
        });
        let mut committed = 0;
        for writer in writers.collect::<Vec<_>>() {
            committed += writer.await.context("a bare client ended")??;
        }
        Ok(committed as f64 / started.elapsed().as_secs_f64())
    }

    async fn write(
        self,
        options: OptsBuilder,
        numbers: &AtomicU64,
        mix: Mix,
        writer: u64,
        end: Instant,
    ) -> Result<u64> {
        let mut conn = Conn::new(options).await?;
        let mut random = Pcg64Mcg::seed_from_u64(writer);
        let mut committed = 0;
        while Instant::now() < end {
            let orders: Vec<_> = (0..self.orders).map(|_| mix.order(&mut random)).collect();
            let first = numbers.fetch_add(orders.len() as u64, Ordering::Relaxed);
            while let Err(error) = transaction(&mut conn, first, &orders).await {
                // The transaction lost against another connection: repeat it, as every client must.
                let Some(mysql_async::Error::Server(refused)) = error.downcast_ref() else { return Err(error) };
                if refused.code != 1213 {
                    return Err(error);
                }
                conn.query_drop("ROLLBACK").await?;
            }
            committed += orders.len() as u64;
        }
        conn.disconnect().await?;
        Ok(committed)
    }
}

async fn transaction(conn: &mut Conn, first: u64, orders: &[Order]) -> Result<()> {
    let mut wanted: Vec<(u64, u64)> = orders.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
    wanted.sort_unstable();
    wanted.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    let mut sql =
        "START TRANSACTION; SELECT s.product_id, s.quantity, p.price_cents FROM stocks s STRAIGHT_JOIN products p \
                   ON p.id = s.product_id WHERE s.product_id IN ("
            .to_owned();
    list(&mut sql, &wanted, |sql, (product, _)| write!(sql, "{product}"))?;
    sql.push_str(") ORDER BY s.product_id FOR UPDATE");
    let mut answers = conn.query_iter(sql).await?;
    answers.collect::<mysql_async::Row>().await?;
    let offers: Vec<(u64, u64, u64)> = answers.collect().await?;
    answers.drop_result().await?;
    if offers.len() != wanted.len() || offers.iter().zip(&wanted).any(|(offer, line)| offer.1 < line.1) {
        bail!("the store is not seeded with enough stock for this measurement");
    }
    let price = |product: u64| offers[offers.partition_point(|offer| offer.0 < product)].2;
    let totals: Vec<(u64, u64)> = orders
        .iter()
        .map(|(user, lines)| (*user, lines.iter().map(|(product, pieces)| price(*product) * pieces).sum()))
        .collect();
    let mut expenses = totals.clone();
    expenses.sort_unstable();

    let mut sql = "INSERT INTO stocks (product_id, quantity, quantity_sold) VALUES ".to_owned();
    list(&mut sql, &wanted, |sql, (product, pieces)| write!(sql, "({product},{pieces},{pieces})"))?;
    sql.push_str(
        " ON DUPLICATE KEY UPDATE quantity = quantity - VALUES(quantity), \
         quantity_sold = quantity_sold + VALUES(quantity_sold); \
         INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES ",
    );
    let lines = orders.iter().zip(first..).flat_map(|((_, lines), id)| lines.iter().map(move |line| (id, line)));
    list(&mut sql, lines, |sql, (id, (product, pieces))| write!(sql, "({id},{product},{pieces},{})", price(*product)))?;
    sql.push_str("; INSERT INTO orders (id, user_id, total_cents, created_at) VALUES ");
    list(&mut sql, totals.iter().zip(first..), |sql, ((user, total), id)| {
        write!(sql, "({id},{user},{total},UTC_TIMESTAMP(6))")
    })?;
    sql.push_str("; INSERT INTO user_totals (user_id, order_count, expense_cents) VALUES ");
    list(&mut sql, &expenses, |sql, (user, total)| write!(sql, "({user},1,{total})"))?;
    sql.push_str(
        " ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), \
         expense_cents = expense_cents + VALUES(expense_cents); COMMIT",
    );
    conn.query_drop(sql).await?;
    Ok(())
}

/// Appends values with commas between them.
fn list<T>(
    sql: &mut String,
    values: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T) -> std::fmt::Result,
) -> Result<()> {
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            sql.push(',');
        }
        write(sql, value)?;
    }
    Ok(())
}
