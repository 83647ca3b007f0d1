//! The table of products.

use super::{DbError, Session};
use crate::domain::{Cents, NewProduct, Product, ProductId, StockLevel};

type Row = (u64, String, String, u64);

fn product((id, name, sku, price): Row) -> Product {
    Product { id: ProductId::new(id), name, sku, price: Cents::new(price) }
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

    /// Locks a product and reads the row.
    pub async fn lock_product(&mut self, id: ProductId) -> Result<Option<Product>, DbError> {
        let sql = "SELECT id, name, sku, price_cents FROM products WHERE id = ? FOR UPDATE";
        Ok(self.row::<Row>(sql, (id.get(),)).await?.map(product))
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
        let rows = self.rows::<(u64, String, String, u64, u64)>(sql, (after, limit)).await?;
        let level =
            |(id, name, sku, price, quantity)| StockLevel { product: product((id, name, sku, price)), quantity };
        Ok(rows.into_iter().map(level).collect())
    }

    /// Deletes a product and its stock. Runs inside the caller's transaction, which must hold the lock on the stock
    /// row.
    pub async fn delete_product(&mut self, id: ProductId) -> Result<(), DbError> {
        self.change("DELETE FROM stocks WHERE product_id = ?", (id.get(),)).await?;
        self.change("DELETE FROM products WHERE id = ?", (id.get(),)).await?;
        Ok(())
    }
}
