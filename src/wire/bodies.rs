//! The JSON bodies of requests and answers, in the form that they have on the wire.

use serde::{Deserialize, Serialize};

use super::Code;
use super::count::{ChangeText, Count, QuantityText};
use super::object::objects;
use crate::domain::{Cents, OrderId, Product, ProductId, UserId};

/// The body of `POST /orders`.
#[derive(Clone, Debug, Deserialize)]
pub struct NewOrderBody {
    /// The user who orders.
    pub user_id: UserId,
    /// The ordered products; items of the same product are merged.
    #[serde(deserialize_with = "objects")]
    pub items: Vec<ItemBody>,
}

/// One item in the body of `POST /orders`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ItemBody {
    /// The ordered product.
    pub product_id: ProductId,
    /// The number of pieces. Any JSON number is accepted here, so that the answer to `-1` or `1.5` can say what is
    /// allowed.
    pub quantity: Count,
}

impl NewOrderBody {
    /// The quantities of the items of the body `text`; None for one that is not a whole number.
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

/// The 201 of `POST /orders`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The id of the new order.
    pub order_id: OrderId,
    /// The sum of its lines at the prices when it was accepted.
    pub total_amount: Cents,
}

/// The body of `POST /products`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewProductBody {
    /// The name of the product.
    pub name: String,
    /// The stock keeping unit.
    pub sku: String,
    /// The price of one piece, with at most two decimals.
    pub price: Cents,
}

/// The 201 of `POST /products`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductCreated {
    /// The id of the new product.
    pub product_id: ProductId,
}

/// The 200 of `GET /products`.
#[derive(Clone, Debug, Serialize)]
pub struct ProductPage {
    /// The products of this page, sorted by id.
    pub products: Vec<Product>,
    /// The value of `after` for the next page; absent on the last page.
    pub next: Option<ProductId>,
}

/// The body of `PATCH /products/{id}`. What is absent or null stays as it is.
#[derive(Clone, Debug, Deserialize)]
pub struct ProductChangeBody {
    /// The new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The new price of one piece, with at most two decimals.
    #[serde(default, deserialize_with = "given")]
    pub price: Option<Cents>,
}

/// Reads an amount that is given. The type reads its own text, which serde's wrapper for absent values does not keep.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Cents>, D::Error> {
    let text = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
    if text.get() == "null" {
        return Ok(None);
    }
    serde_json::from_str(text.get()).map(Some).map_err(serde::de::Error::custom)
}

/// The body of `POST /users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewUserBody {
    /// The full name of the user.
    pub name: String,
    /// The e-mail address, in any case of letters.
    pub email: String,
}

/// The 201 of `POST /users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    /// The id of the new user.
    pub user_id: UserId,
}

/// The 200 of `GET /users/{id}/orders`.
#[derive(Clone, Debug, Serialize)]
pub struct UserOrders {
    /// The orders of this page, newest first.
    pub orders: Vec<OrderSummary>,
    /// The value of `cursor` for the next page; null on the last page.
    pub next: Option<String>,
}

/// An order in a list; `GET /orders/{id}` has its lines.
#[derive(Clone, Debug, Serialize)]
pub struct OrderSummary {
    /// The id of the order.
    pub id: OrderId,
    /// The sum of its lines.
    pub total_amount: Cents,
    /// When it was accepted: RFC 3339 in UTC.
    pub created_at: String,
}

/// The body of `POST /stocks`.
#[derive(Clone, Debug, Deserialize)]
pub struct NewStockBody {
    /// The product whose stock is set.
    pub product_id: ProductId,
    /// The new number of pieces in stock. Any JSON number is accepted here, as in [`ItemBody`].
    pub quantity: Count,
}

impl NewStockBody {
    /// The quantity of the body `text`; None if it is not a whole number.
    pub fn whole_quantity(&self, text: &[u8]) -> Option<u64> {
        if self.quantity != Count::Decimal {
            return self.quantity.whole();
        }
        serde_json::from_slice::<QuantityText>(text).ok()?.whole()
    }
}

/// The body of `POST /stocks/{id}/movements`.
#[derive(Clone, Debug, Deserialize)]
pub struct StockMovementBody {
    /// The pieces that are added, or taken if it is negative. Any JSON number is accepted here, as in [`ItemBody`].
    pub change: Count,
}

impl StockMovementBody {
    /// The change of the body `text`; None if it is not a whole number.
    pub fn whole_change(&self, text: &[u8]) -> Option<i64> {
        if let Count::Whole(pieces) = self.change {
            return i64::try_from(pieces).ok();
        }
        serde_json::from_slice::<ChangeText>(text).ok()?.whole()
    }
}

/// The 201 of `POST /stocks`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockSet {
    /// One sentence that says what was done.
    pub result: String,
}

/// The body of `POST /graphql` and `POST /stocks/graphql-query`.
#[derive(Clone, Debug, Deserialize)]
pub struct GraphqlBody {
    /// The text of the query.
    pub query: String,
    /// The operation to run, if the text has several.
    #[serde(default, rename = "operationName")]
    pub operation_name: Option<String>,
    /// The values of the query's variables.
    #[serde(default)]
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The 200 of `POST /stocks/graphql-query`.
#[derive(Clone, Debug, Serialize)]
pub struct LabGraphqlAnswer {
    /// What was asked for; null if the query is not valid.
    pub data: serde_json::Value,
    /// A sentence for each error; null if there is none.
    pub errors: Option<Vec<String>>,
}

/// The 200 of every `DELETE`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Deleted {
    /// Always true; the 404 for a row that does not exist says false.
    pub deleted: bool,
}

/// One row in the answer of `GET /orders/reports/best-sellers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestSeller {
    /// The id of the product.
    pub product_id: ProductId,
    /// The number of pieces sold in all stored orders.
    pub quantity_sold: u64,
}

/// One row in the answer of `GET /orders/reports/highest-spenders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighestSpender {
    /// The id of the user.
    pub user_id: UserId,
    /// The sum of the totals of the user's stored orders.
    pub total_expense: Cents,
}

/// One row in the answer of `GET /stocks/reports/overview-stocks`. The keys are those of the original program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverviewRow {
    /// The name of the product.
    #[serde(rename = "Article")]
    pub name: String,
    /// The stock keeping unit of the product.
    #[serde(rename = "Numéro SKU")]
    pub sku: String,
    /// The current price of one piece.
    #[serde(rename = "Prix unitaire")]
    pub price: Cents,
    /// The number of pieces in stock.
    #[serde(rename = "Unités en stock")]
    pub quantity: u64,
}

/// The 200 of `GET /health-check`, `/live` and `/ready`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HealthBody {
    /// Always `ok`; every other state is an error answer.
    pub status: String,
}

/// The body of every answer whose status is not 2xx.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// False in the 404 of a `DELETE`, absent in every other answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// A sentence for a person: what is wrong, and what to do.
    pub error: String,
    /// The reason for programs; it does not change between versions.
    pub code: Code,
    /// The id of the request, also in the header `X-Request-Id` and in the log.
    pub request_id: String,
}
