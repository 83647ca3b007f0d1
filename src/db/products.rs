//! The table of products.

use super::literals::numbers;
use super::{DbError, RowWait, Session};
use crate::domain::{Cents, NewProduct, Product, ProductId, StockLevel};

type Row = (u64, String, String, u64);

fn product((id, name, sku, price): Row) -> Product {
    Product { id: ProductId::new(id), name, sku, price: Cents::new(price) }
}

type LevelRow = (u64, String, String, u64, u64);

fn level((id, name, sku, price, quantity): LevelRow) -> StockLevel {
    StockLevel { product: product((id, name, sku, price)), quantity }
}

impl Session {
    /// Stores a product with an empty stock. Runs inside the caller's transaction.
    pub async fn insert_product(&mut self, new: &NewProduct) -> Result<ProductId, DbError> {
        let sql = "INSERT INTO products (name, sku, price_cents) VALUES (?, ?, ?)";
        self.change(sql, (new.name(), new.sku(), new.price().get())).await?;
        let id = self.last_insert_id();
        self.change("INSERT INTO stocks (product_id, quantity) VALUES (?, 0)", (id,)).await?;
        Ok(ProductId::new(id))
    }

    /// Reads a product; `None` if there is no such product.
    pub async fn product(&mut self, id: ProductId) -> Result<Option<Product>, DbError> {
        let sql = "SELECT id, name, sku, price_cents FROM products WHERE id = ?";
        Ok(self.row::<Row>(sql, (id.get(),)).await?.map(product))
    }

    /// Locks a product and reads the row. A transaction that also locks its stock does that first.
    pub async fn lock_product(&mut self, id: ProductId, wait: RowWait) -> Result<Option<Product>, DbError> {
        let sql = wait.complete("SELECT id, name, sku, price_cents FROM products WHERE id = ? FOR UPDATE");
        Ok(self.row::<Row>(&sql, (id.get(),)).await?.map(product))
    }

    /// Reads the products with numbers greater than the given one, sorted by number.
    pub async fn products_after(&mut self, after: u64, limit: u32) -> Result<Vec<Product>, DbError> {
        let sql = "SELECT id, name, sku, price_cents FROM products WHERE id > ? ORDER BY id LIMIT ?";
        Ok(self.rows::<Row>(sql, (after, limit)).await?.into_iter().map(product).collect())
    }

    /// Reads products and their stock with numbers greater than the given one, sorted by number.
    pub async fn stock_levels_after(&mut self, after: u64, limit: u32) -> Result<Vec<StockLevel>, DbError> {
        let sql = "SELECT p.id, p.name, p.sku, p.price_cents, s.quantity \
                   FROM products p JOIN stocks s ON s.product_id = p.id WHERE p.id > ? ORDER BY p.id LIMIT ?";
        let rows = self.rows::<LevelRow>(sql, (after, limit)).await?;
        Ok(rows.into_iter().map(level).collect())
    }

    /// Reads these products and their stock; those that do not exist are missing.
    pub async fn stock_levels_of(&mut self, ids: &[ProductId]) -> Result<Vec<StockLevel>, DbError> {
        let wanted = numbers(ids.iter().map(|id| id.get()));
        let sql = format!(
            "SELECT p.id, p.name, p.sku, p.price_cents, s.quantity \
             FROM products p JOIN stocks s ON s.product_id = p.id WHERE p.id IN ({wanted})"
        );
        Ok(self.run_rows::<LevelRow>(&sql).await?.into_iter().map(level).collect())
    }

    /// Sets the name and the price of a product. The caller holds its stock row and its own.
    pub async fn change_product(&mut self, product: &Product) -> Result<(), DbError> {
        let sql = "UPDATE products SET name = ?, price_cents = ? WHERE id = ?";
        self.change(sql, (&product.name, product.price.get(), product.id.get())).await?;
        Ok(())
    }

    /// Deletes a product and its stock. Runs inside the caller's transaction, which must hold the lock on the stock
    /// row.
    pub async fn delete_product(&mut self, id: ProductId) -> Result<(), DbError> {
        self.change("DELETE FROM stocks WHERE product_id = ?", (id.get(),)).await?;
        self.change("DELETE FROM products WHERE id = ?", (id.get(),)).await?;
        Ok(())
    }
}
