//! Products and their stock.

use serde::Serialize;

use super::text::line_of_text;
use super::{Cents, ProductId};

/// The longest name, in characters: what the column holds.
const MAX_NAME_LENGTH: usize = 200;

/// The longest stock keeping unit, in characters.
const MAX_SKU_LENGTH: usize = 64;

/// The highest price: ten million.
const MAX_PRICE: Cents = Cents::new(1_000_000_000);

/// The largest stock of one product: what a signed 32-bit column holds anywhere.
pub const MAX_STOCK: u64 = 2_000_000_000;

/// The most pieces of one product there and sold together: what the column holds. Selling and giving back move pieces
/// between the two and leave the sum, so pieces that come back always fit.
pub const MAX_PIECES: u64 = u32::MAX as u64;

/// A product to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    name: String,
    sku: String,
    price: Cents,
}

/// Why a request is not a product.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProduct {
    /// Empty, too long, or with control characters.
    #[error("a product's name has 1 to {MAX_NAME_LENGTH} characters and no control characters")]
    Name,
    /// Empty, too long, or with control characters.
    #[error("a SKU has 1 to {MAX_SKU_LENGTH} characters and no control characters")]
    Sku,
    /// Above the highest price.
    #[error("a price is at most {MAX_PRICE}")]
    Price,
}

impl NewProduct {
    /// Checks lengths and range; surrounding white space is dropped.
    pub fn new(name: &str, sku: &str, price: Cents) -> Result<Self, InvalidProduct> {
        let name = line_of_text(name, MAX_NAME_LENGTH).ok_or(InvalidProduct::Name)?;
        let sku = line_of_text(sku, MAX_SKU_LENGTH).ok_or(InvalidProduct::Sku)?;
        if price > MAX_PRICE {
            return Err(InvalidProduct::Price);
        }
        Ok(Self { name, sku, price })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its stock keeping unit.
    pub fn sku(&self) -> &str {
        &self.sku
    }

    /// What one piece costs.
    pub fn price(&self) -> Cents {
        self.price
    }
}

/// A product as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// The product's number.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
    /// Its stock keeping unit.
    pub sku: String,
    /// What one piece costs.
    pub price: Cents,
}

/// How many pieces of a product are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stock {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces.
    pub quantity: u64,
}

/// A product beside its stock, as the overview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The product.
    pub product: Product,
    /// How many pieces are there.
    pub quantity: u64,
}
