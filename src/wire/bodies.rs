//! The JSON bodies, as they stand on the wire.

use serde::{Deserialize, Serialize};

use super::Code;
use super::count::{Count, QuantityText};
use super::object::objects;
use crate::domain::{Cents, OrderId, Product, ProductId, UserId};

/// `POST /orders`.
#[derive(Clone, Debug, Deserialize)]
pub struct NewOrderBody {
    /// Who orders.
    pub user_id: UserId,
    /// What is ordered; lines of the same product are merged.
    #[serde(deserialize_with = "objects")]
    pub items: Vec<ItemBody>,
}

/// One item of an order.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ItemBody {
    /// Which product.
    pub product_id: ProductId,
    /// How many. Any JSON number is read, so that `-1` and `1.5` are answered with what a quantity must be.
    pub quantity: Count,
}

impl NewOrderBody {
    /// The quantities of the items, of which `text` is the text; nothing for one that is no whole number.
    pub fn quantities(&self, text: &[u8]) -> Vec<Option<u64>> {
        #[derive(Deserialize)]
        struct Items {
            items: Vec<QuantityText>,
        }
        if self.items.iter().all(|item| item.quantity != Count::Decimal) {
            return self.items.iter().map(|item| item.quantity.whole()).collect();
        }
        let texts = serde_json::from_slice::<Items>(text).map(|read| read.items).unwrap_or_default();
        (0..self.items.len()).map(|index| texts.get(index).and_then(QuantityText::whole)).collect()
    }
}

/// 201 of `POST /orders`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The order's number.
    pub order_id: OrderId,
    /// The sum of its lines.
    pub total_amount: Cents,
}

/// `POST /products`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewProductBody {
    /// What it is called.
    pub name: String,
    /// Its stock keeping unit.
    pub sku: String,
    /// What one piece costs, at most two decimals.
    pub price: Cents,
}

/// 201 of `POST /products`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductCreated {
    /// The product's number.
    pub product_id: ProductId,
}

/// 200 of `GET /products`.
#[derive(Clone, Debug, Serialize)]
pub struct ProductPage {
    /// The products, in the order of their numbers.
    pub products: Vec<Product>,
    /// What to pass as `after` for the next page; absent on the last.
    pub next: Option<ProductId>,
}

/// `POST /users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewUserBody {
    /// What the user is called.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// 201 of `POST /users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    /// The user's number.
    pub user_id: UserId,
}

/// `POST /stocks`.
#[derive(Clone, Debug, Deserialize)]
pub struct NewStockBody {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces there are from now on.
    pub quantity: Count,
}

impl NewStockBody {
    /// The quantity, of which `text` is the text; nothing when it is no whole number.
    pub fn whole_quantity(&self, text: &[u8]) -> Option<u64> {
        if self.quantity != Count::Decimal {
            return self.quantity.whole();
        }
        serde_json::from_slice::<QuantityText>(text).ok()?.whole()
    }
}

/// 201 of `POST /stocks`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockSet {
    /// What was done, one sentence.
    pub result: String,
}

/// 200 of a `DELETE`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Deleted {
    /// Always true here; a 404 says false.
    pub deleted: bool,
}

/// One row of `GET /orders/reports/best-sellers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestSeller {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces were sold.
    pub quantity_sold: u64,
}

/// One row of `GET /orders/reports/highest-spenders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighestSpender {
    /// Which user.
    pub user_id: UserId,
    /// The sum of the user's orders.
    pub total_expense: Cents,
}

/// One row of `GET /stocks/reports/overview-stocks`; the keys are the original's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverviewRow {
    /// The product's name.
    #[serde(rename = "Article")]
    pub name: String,
    /// The product's stock keeping unit.
    #[serde(rename = "Numéro SKU")]
    pub sku: String,
    /// What one piece costs.
    #[serde(rename = "Prix unitaire")]
    pub price: Cents,
    /// How many pieces there are.
    #[serde(rename = "Unités en stock")]
    pub quantity: u64,
}

/// 200 of `GET /health-check`, `/live` and `/ready`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HealthBody {
    /// `ok`.
    pub status: String,
}

/// Every answer that is not 2xx.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// False in the 404 of a `DELETE`, absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// A sentence for a person: what is wrong and what to do.
    pub error: String,
    /// The stable name of the reason.
    pub code: Code,
    /// The request's name, also in the `X-Request-Id` header and in the log.
    pub request_id: String,
}
