//! The permissions that a client will need.

/// A part of the store that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every GET, except the metrics.
    Read,
    /// `POST /orders`.
    Order,
    /// `GET /metrics`.
    Metrics,
    /// Every route.
    Admin,
}
