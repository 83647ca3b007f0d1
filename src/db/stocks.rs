//! The table of stocks: how many pieces are there, and how many were sold.

use super::literals::numbers;
use super::rows::Rows;
use super::{DbError, Session};
use crate::domain::{Cents, OrderLine, PricedLine, ProductId, Stock};

/// What the store can offer of a product at this moment; the row is locked until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces are there.
    pub quantity: u64,
    /// What one piece costs.
    pub price: Cents,
}

type Row = (u64, u64, u64);

pub(super) fn offer((product_id, quantity, price): Row) -> Offer {
    Offer { product_id: ProductId::new(product_id), quantity, price: Cents::new(price) }
}

/// The rows of a statement that moves pieces of each product from its stock to what was sold, or back.
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

    /// Locks the stocks of all lines in the order of their products and reads them with the prices, in that order. A
    /// product that does not exist is missing from the answer.
    pub async fn lock_offers(&mut self, lines: &[OrderLine]) -> Result<Vec<Offer>, DbError> {
        let products = numbers(lines.iter().map(|line| line.product_id.get()));
        let sql = include_str!("../../sql/orders/lock_offers.sql").replace("{products}", &products);
        Ok(self.run_rows::<Row>(&sql).await?.into_iter().map(offer).collect())
    }

    /// Takes one line out of the stock. The caller holds the row and has seen that there is enough.
    pub async fn sell(&mut self, line: &PricedLine) -> Result<(), DbError> {
        let sql = "UPDATE stocks SET quantity = quantity - ?, quantity_sold = quantity_sold + ? WHERE product_id = ?";
        self.change(sql, (line.quantity, line.quantity, line.product_id.get())).await?;
        Ok(())
    }

    /// Takes all lines out of the stock in one statement. The caller holds the rows and has seen that there is enough.
    pub async fn sell_all(&mut self, lines: &[PricedLine]) -> Result<(), DbError> {
        self.move_stock(include_str!("../../sql/orders/sell_all.sql"), lines).await
    }

    /// Gives all lines back to the stock in one statement. A product in an order cannot have been deleted.
    pub async fn give_back(&mut self, lines: &[PricedLine]) -> Result<(), DbError> {
        self.move_stock(include_str!("../../sql/orders/give_back.sql"), lines).await
    }

    async fn move_stock(&mut self, template: &str, lines: &[PricedLine]) -> Result<(), DbError> {
        let rows = moved(lines.iter().map(|line| (line.product_id, u64::from(line.quantity))));
        self.run(&template.replace("{rows}", &rows)).await
    }

    /// Locks a product's stock and gives how many pieces stand in orders; nothing if there is no such product.
    pub async fn lock_pieces_sold(&mut self, id: ProductId) -> Result<Option<u64>, DbError> {
        self.row("SELECT quantity_sold FROM stocks WHERE product_id = ? FOR UPDATE", (id.get(),)).await
    }

    /// Sets how many pieces of a product there are; false if there is no such product.
    pub async fn set_stock(&mut self, id: ProductId, quantity: u64) -> Result<bool, DbError> {
        // An update to the same value changes no row, so existence is asked for by itself.
        let sql = "SELECT product_id FROM stocks WHERE product_id = ? FOR UPDATE";
        if self.row::<u64>(sql, (id.get(),)).await?.is_none() {
            return Ok(false);
        }
        self.change("UPDATE stocks SET quantity = ? WHERE product_id = ?", (quantity, id.get())).await?;
        Ok(true)
    }

    /// Reads a product's stock.
    pub async fn stock(&mut self, id: ProductId) -> Result<Option<Stock>, DbError> {
        let quantity = self.row("SELECT quantity FROM stocks WHERE product_id = ?", (id.get(),)).await?;
        Ok(quantity.map(|quantity| Stock { product_id: id, quantity }))
    }
}
