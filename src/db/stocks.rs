//! The table of stocks: pieces available and pieces sold, per product.

use super::literals::numbers;
use super::rows::Rows;
use super::{DbError, RowWait, Session};
use crate::domain::{Cents, OrderLine, PricedLine, ProductId, Stock};

/// Stock and price of a product; the row is locked until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Number of the product.
    pub product_id: ProductId,
    /// Pieces available.
    pub quantity: u64,
    /// Price of one piece.
    pub price: Cents,
}

/// A row of the table: pieces available and pieces in orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockRow {
    /// Pieces available.
    pub quantity: u64,
    /// Pieces sold, without those of deleted orders.
    pub quantity_sold: u64,
}

type Row = (u64, u64, u64);

pub(super) fn offer((product_id, quantity, price): Row) -> Offer {
    Offer { product_id: ProductId::new(product_id), quantity, price: Cents::new(price) }
}

/// Rows of a statement that moves pieces of each product from stock to sold, or back.
pub(super) fn moved(pieces: impl IntoIterator<Item = (ProductId, u64)>) -> String {
    let mut rows = Rows::default();
    for (product, pieces) in pieces {
        rows.row().number(product.get()).number(pieces).number(pieces);
    }
    rows.finish().unwrap_or_default()
}

impl Session {
    /// Locks one product's stock and reads it with the price.
    pub async fn lock_offer(&mut self, id: ProductId) -> Result<Option<Offer>, DbError> {
        let sql = "SELECT s.product_id, s.quantity, p.price_cents FROM stocks s JOIN products p ON p.id = s.product_id \
                   WHERE s.product_id = ? FOR UPDATE";
        Ok(self.row::<Row>(sql, (id.get(),)).await?.map(offer))
    }

    /// Locks the stocks of all lines, sorted by product, and reads them with the prices in that order. A product that
    /// does not exist is missing from the result.
    pub async fn lock_offers(&mut self, lines: &[OrderLine]) -> Result<Vec<Offer>, DbError> {
        let products = numbers(lines.iter().map(|line| line.product_id.get()));
        let sql = include_str!("../../sql/orders/lock_offers.sql")
            .replace("{products}", &products)
            .replace("{select}", "SELECT");
        Ok(self.run_rows::<Row>(&sql).await?.into_iter().map(offer).collect())
    }

    /// Takes one line out of the stock. The caller holds the row and has checked that there is enough.
    pub async fn sell(&mut self, line: &PricedLine) -> Result<(), DbError> {
        let sql = "UPDATE stocks SET quantity = quantity - ?, quantity_sold = quantity_sold + ? WHERE product_id = ?";
        self.change(sql, (line.quantity, line.quantity, line.product_id.get())).await?;
        Ok(())
    }

    /// Takes all lines out of the stock in one statement. The caller holds the rows and has checked that there is
    /// enough.
    pub async fn sell_all(&mut self, lines: &[PricedLine]) -> Result<(), DbError> {
        self.move_stock(include_str!("../../sql/orders/sell_all.sql"), lines).await
    }

    /// Returns all lines to the stock in one statement. A product in an order cannot have been deleted.
    pub async fn give_back(&mut self, lines: &[PricedLine]) -> Result<(), DbError> {
        self.move_stock(include_str!("../../sql/orders/give_back.sql"), lines).await
    }

    async fn move_stock(&mut self, template: &str, lines: &[PricedLine]) -> Result<(), DbError> {
        let rows = moved(lines.iter().map(|line| (line.product_id, u64::from(line.quantity))));
        self.run(&template.replace("{rows}", &rows)).await
    }

    /// Locks a product's stock and reads the row; `None` if there is no such product.
    pub async fn lock_stock(&mut self, id: ProductId, wait: RowWait) -> Result<Option<StockRow>, DbError> {
        let sql = wait.complete("SELECT quantity, quantity_sold FROM stocks WHERE product_id = ? FOR UPDATE");
        let row = self.row(&sql, (id.get(),)).await?;
        Ok(row.map(|(quantity, quantity_sold)| StockRow { quantity, quantity_sold }))
    }

    /// Sets the number of available pieces of a product. The caller holds the row.
    pub async fn set_stock(&mut self, id: ProductId, quantity: u64) -> Result<(), DbError> {
        self.change("UPDATE stocks SET quantity = ? WHERE product_id = ?", (quantity, id.get())).await?;
        Ok(())
    }

    /// Reads a product's stock; `None` if there is no such product.
    pub async fn stock(&mut self, id: ProductId) -> Result<Option<Stock>, DbError> {
        let quantity = self.row("SELECT quantity FROM stocks WHERE product_id = ?", (id.get(),)).await?;
        Ok(quantity.map(|quantity| Stock { product_id: id, quantity }))
    }
}
