//! Products, and the stock of each.

use serde::Serialize;

use super::text::line_of_text;
use super::{Cents, ProductId};

/// The longest name, in characters: the size of the column.
const MAX_NAME_LENGTH: usize = 200;

/// The longest stock keeping unit, in characters: the size of the column.
const MAX_SKU_LENGTH: usize = 64;

/// The highest price: 10,000,000.00.
const MAX_PRICE: Cents = Cents::new(1_000_000_000);

/// The largest stock of one product, in pieces: it fits into a signed 32-bit column.
pub const MAX_STOCK: u64 = 2_000_000_000;

/// The most pieces of one product there and sold together: what the column holds. Selling and giving back move pieces
/// between the two and leave the sum, so pieces that come back always fit.
pub const MAX_PIECES: u64 = u32::MAX as u64;

/// A product to be created, with checked fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    name: String,
    sku: String,
    price: Cents,
}

/// The reason why a request is not a product.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProduct {
    /// The name is empty, too long, or has control characters.
    #[error("a product's name has 1 to {MAX_NAME_LENGTH} characters and no control characters")]
    Name,
    /// The SKU is empty, too long, or has control characters.
    #[error("a SKU has 1 to {MAX_SKU_LENGTH} characters and no control characters")]
    Sku,
    /// The price is above the highest price.
    #[error("a price is at most {MAX_PRICE}")]
    Price,
    /// A change that changes nothing.
    #[error("give a new name, a new price, or both")]
    NoChange,
}

impl NewProduct {
    /// Checks the lengths and the price; removes white space around name and SKU.
    pub fn new(name: &str, sku: &str, price: Cents) -> Result<Self, InvalidProduct> {
        let name = line_of_text(name, MAX_NAME_LENGTH).ok_or(InvalidProduct::Name)?;
        let sku = line_of_text(sku, MAX_SKU_LENGTH).ok_or(InvalidProduct::Sku)?;
        if price > MAX_PRICE {
            return Err(InvalidProduct::Price);
        }
        Ok(Self { name, sku, price })
    }

    /// The name, without surrounding white space.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stock keeping unit, without surrounding white space.
    pub fn sku(&self) -> &str {
        &self.sku
    }

    /// The price of one piece.
    pub fn price(&self) -> Cents {
        self.price
    }
}

/// A stored product, as `GET /products/{id}` returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// The id of the product.
    pub id: ProductId,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The stock keeping unit, 1 to 64 characters.
    pub sku: String,
    /// The current price of one piece.
    pub price: Cents,
}

/// The stock of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stock {
    /// The id of the product.
    pub product_id: ProductId,
    /// The number of pieces in stock.
    pub quantity: u64,
}

/// A product with its stock, as the overview of stocks shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The stored product.
    pub product: Product,
    /// The number of pieces in stock.
    pub quantity: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_included_and_what_is_beyond_is_refused() {
        let name = "é".repeat(MAX_NAME_LENGTH);
        let sku = "é".repeat(MAX_SKU_LENGTH);
        let product = NewProduct::new(&format!(" {name}\u{a0}"), &sku, MAX_PRICE).unwrap();
        assert_eq!((product.name(), product.sku(), product.price()), (name.as_str(), sku.as_str(), MAX_PRICE));
        let price = Cents::new(MAX_PRICE.get() + 1);
        for (name, sku, price, refusal) in [
            (format!("{name}x"), sku.clone(), MAX_PRICE, InvalidProduct::Name),
            (" ".to_owned(), sku.clone(), MAX_PRICE, InvalidProduct::Name),
            ("a\nb".to_owned(), sku.clone(), MAX_PRICE, InvalidProduct::Name),
            (name.clone(), format!("{sku}x"), MAX_PRICE, InvalidProduct::Sku),
            (name.clone(), String::new(), MAX_PRICE, InvalidProduct::Sku),
            (name.clone(), sku.clone(), price, InvalidProduct::Price),
        ] {
            assert_eq!(NewProduct::new(&name, &sku, price), Err(refusal), "{name} {sku} {price}");
        }
    }
}
