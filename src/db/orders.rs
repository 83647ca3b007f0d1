//! The tables of orders and of order lines.

use super::literals::numbers;
use super::rows::Rows;
use super::{DbError, RowId, RowWait, Session};
use crate::domain::{Cents, Order, OrderCursor, OrderId, PricedLine, ProductId, UserId};

/// The head of a stored order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredOrder {
    /// User who placed the order.
    pub user_id: UserId,
    /// The sum of its lines.
    pub total: Cents,
}

/// An order without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderHead {
    /// Number of the order.
    pub id: OrderId,
    /// The sum of its lines.
    pub total: Cents,
    /// When it was stored: RFC 3339 in UTC, with microseconds.
    pub created_at: String,
}

impl Session {
    /// Reads the heads of a user's orders, newest first, from after the given place.
    pub async fn orders_of(
        &mut self,
        user_id: UserId,
        after: Option<&OrderCursor>,
        limit: u32,
    ) -> Result<Vec<OrderHead>, DbError> {
        let columns =
            "SELECT id, total_cents, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM orders WHERE user_id = ?";
        let order = "ORDER BY created_at DESC, id DESC LIMIT ?";
        let rows = match after {
            None => self.rows(&format!("{columns} {order}"), (user_id.get(), limit)).await?,
            // Both orders of the comparison are one range of the index, where OR alone would be two.
            Some(cursor) => {
                let sql = format!("{columns} AND created_at <= ? AND (created_at < ? OR id < ?) {order}");
                let instant = cursor.instant_in_sql();
                self.rows(&sql, (user_id.get(), &instant, &instant, cursor.id().get(), limit)).await?
            }
        };
        let head = |(id, total, created_at): (u64, u64, String)| OrderHead {
            id: OrderId::new(id),
            total: Cents::new(total),
            created_at,
        };
        Ok(rows.into_iter().map(head).collect())
    }

    /// Stores the head of an order.
    pub async fn insert_order(&mut self, id: OrderId, user_id: UserId, total: Cents) -> Result<(), DbError> {
        let sql = "INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))";
        self.change(sql, (id.get(), user_id.get(), total.get())).await?;
        Ok(())
    }

    /// Stores one line of an order.
    pub async fn insert_line(&mut self, id: OrderId, line: &PricedLine) -> Result<(), DbError> {
        let sql = "INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents) VALUES (?, ?, ?, ?)";
        self.change(sql, (id.get(), line.product_id.get(), line.quantity, line.unit_price.get())).await?;
        Ok(())
    }

    /// Stores all lines of an order in one statement.
    pub async fn insert_lines(&mut self, id: OrderId, lines: &[PricedLine]) -> Result<(), DbError> {
        let mut rows = Rows::into("order_items (order_id, product_id, quantity, unit_price_cents)");
        for line in lines {
            let row = rows.row().number(id.get()).number(line.product_id.get());
            row.number(u64::from(line.quantity)).number(line.unit_price.get());
        }
        self.insert(rows).await
    }

    /// Reads an order with its lines. Without a transaction of the caller, an order deleted between the two statements
    /// has no lines, which reads as absent.
    pub async fn order(&mut self, id: OrderId) -> Result<Option<Order>, DbError> {
        let sql =
            "SELECT user_id, total_cents, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM orders WHERE id = ?";
        let Some((user_id, total, created_at)) = self.row::<(u64, u64, String)>(sql, (id.get(),)).await? else {
            return Ok(None);
        };
        let items = self.order_lines(id).await?;
        let order = Order { id, user_id: UserId::new(user_id), total_amount: Cents::new(total), items, created_at };
        Ok((!order.items.is_empty()).then_some(order))
    }

    /// Reads the lines of an order, sorted by product.
    pub async fn order_lines(&mut self, id: OrderId) -> Result<Vec<PricedLine>, DbError> {
        let sql =
            "SELECT product_id, quantity, unit_price_cents FROM order_items WHERE order_id = ? ORDER BY product_id";
        let rows = self.rows::<(u64, u32, u64)>(sql, (id.get(),)).await?;
        let line = |(product_id, quantity, price)| PricedLine {
            product_id: ProductId::new(product_id),
            quantity,
            unit_price: Cents::new(price),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Locks an order for deletion; `None` if there is no such order.
    pub async fn lock_order(&mut self, id: OrderId, wait: RowWait) -> Result<Option<StoredOrder>, DbError> {
        let sql = wait.complete("SELECT user_id, total_cents FROM orders WHERE id = ? FOR UPDATE");
        let row = self.row(&sql, (id.get(),)).await?;
        Ok(row.map(|(user_id, total)| StoredOrder { user_id: UserId::new(user_id), total: Cents::new(total) }))
    }

    /// Locks the stocks of an order's lines and its user's totals, in the locking order of all transactions. Without
    /// waiting, returns the rows that another transaction holds; the caller then undoes its own.
    pub async fn lock_rows_of(
        &mut self,
        user_id: UserId,
        lines: &[PricedLine],
        wait: RowWait,
    ) -> Result<Vec<RowId>, DbError> {
        let products: Vec<_> = lines.iter().map(|line| line.product_id).collect();
        let skip = if wait == RowWait::No { " SKIP LOCKED" } else { "" };
        let wanted = numbers(products.iter().map(|product| product.get()));
        let stocks = format!(
            "SELECT product_id FROM stocks WHERE product_id IN ({wanted}) ORDER BY product_id FOR UPDATE{skip}"
        );
        let found = self.run_rows::<u64>(&stocks).await?;
        let missing = products.into_iter().filter(|product| found.binary_search(&product.get()).is_err());
        let mut held: Vec<_> = missing.map(RowId::Product).collect();
        let totals = format!("SELECT user_id FROM user_totals WHERE user_id = {user_id} FOR UPDATE{skip}");
        if self.run_rows::<u64>(&totals).await?.is_empty() {
            held.push(RowId::User(user_id));
        }
        Ok(if wait == RowWait::No { held } else { Vec::new() })
    }

    /// Deletes an order and its lines. Runs inside the caller's transaction, which must hold the lock on the order.
    pub async fn delete_order(&mut self, id: OrderId) -> Result<(), DbError> {
        self.change("DELETE FROM order_items WHERE order_id = ?", (id.get(),)).await?;
        self.change("DELETE FROM orders WHERE id = ?", (id.get(),)).await?;
        Ok(())
    }
}
