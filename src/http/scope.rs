//! What a client may ask for.

/// A part of the store that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every GET, except the metrics.
    Read,
    /// `POST /orders`.
    Order,
    /// `GET /metrics`.
    Metrics,
    /// Everything.
    Admin,
}
