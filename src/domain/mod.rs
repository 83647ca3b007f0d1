//! The value types of the store: money, quantities, orders, products, users, idempotency keys.
//!
//! What a client may send wrongly can be built only by a constructor that checks it, so inner code takes the type and
//! does not check again. Nothing in this module does I/O or knows of HTTP or SQL.

mod cents;
mod id;
mod idempotency;
mod order;
mod order_cursor;
mod product;
mod product_change;
mod text;
mod user;

pub use cents::{Cents, InvalidAmount};
pub use id::{OrderId, ProductId, UserId};
pub use idempotency::{Fingerprint, IdempotencyKey, InvalidIdempotencyKey, KeyReused};
pub use order::{
    InvalidOrder, MAX_LINE_QUANTITY, MAX_LINES, MAX_ORDER_TOTAL, MAX_USER_TOTAL, NewOrder, Order, OrderLine,
    PlacedOrder, PricedLine, Quantity, TotalTooLarge, total,
};
pub use order_cursor::OrderCursor;
pub use product::{InvalidProduct, MAX_PIECES, MAX_STOCK, NewProduct, Product, Stock, StockLevel};
pub use product_change::{ExpectedState, ProductChange};
pub use user::{InvalidUser, NewUser, User};
