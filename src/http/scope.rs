//! The permissions that a client needs, where the store asks for tokens.

/// A part of the store that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every GET except the metrics, and GraphQL, which only reads.
    Read,
    /// `POST /orders`.
    Order,
    /// `GET /metrics`.
    Metrics,
    /// Every route.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Order, Self::Metrics, Self::Admin];

    /// The name in the file of tokens and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Order => "order",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    /// The scope of a name; `None` if there is no such scope.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}
