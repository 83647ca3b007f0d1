//! The HTTP contract: routes, bodies and error codes, shared by the server and by everything that talks to it.
//!
//! It defines shapes only; [`crate::domain`] defines which values are valid.

mod bodies;
mod codes;
mod count;
mod object;
mod routes;

pub use bodies::{
    BestSeller, Deleted, ErrorBody, GraphqlBody, HealthBody, HighestSpender, ItemBody, LabGraphqlAnswer, NewOrderBody,
    NewProductBody, NewStockBody, NewUserBody, OrderPlaced, OrderSummary, OverviewRow, ProductChangeBody,
    ProductCreated, ProductPage, StockMovementBody, StockSet, UserCreated, UserOrders,
};
pub use codes::Code;
pub use count::Count;
pub use routes::{ALL, Route};

/// The header with the id of a request, in requests and answers.
pub const REQUEST_ID: &str = "x-request-id";

/// The header with the key of an attempt at a write.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The header of an answer that an earlier request with the same key got first.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// GraphQL's own media type of answers.
pub const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// The media type of every body, except those of `/metrics`.
pub const JSON: &str = "application/json";
