//! The HTTP contract: routes, bodies and error codes, shared by the server and by everything that talks to it.
//!
//! It defines shapes only; [`crate::domain`] defines which values are valid.

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

/// The header with the id of a request, in requests and answers.
pub const REQUEST_ID: &str = "x-request-id";

/// The header with the key of an attempt to place an order.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The media type of every body, except those of `/metrics`.
pub const JSON: &str = "application/json";
