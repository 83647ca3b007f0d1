//! The HTTP contract: routes, bodies and error codes, shared by the server and by everything that talks to it.
//!
//! Shapes only. What a value may be is for [`crate::domain`] to decide.

mod bodies;
mod codes;
mod count;
mod object;
mod routes;

pub use bodies::{
    BestSeller, Deleted, ErrorBody, HealthBody, HighestSpender, ItemBody, NewOrderBody, NewProductBody, NewStockBody,
    NewUserBody, OrderPlaced, OverviewRow, ProductCreated, ProductPage, StockSet, UserCreated,
};
pub use codes::Code;
pub use count::Count;
pub use routes::{ALL, Route};

/// The header that names a request, in both directions.
pub const REQUEST_ID: &str = "x-request-id";

/// The header that names an attempt to place an order.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The media type of every body.
pub const JSON: &str = "application/json";
