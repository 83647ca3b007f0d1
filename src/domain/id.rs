//! Identifiers: one type per kind of row, so that a user's id is never used as a product's.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Takes any number; whether such a row exists is known to the database only.
            pub const fn new(id: u64) -> Self {
                Self(id)
            }

            /// The number, as it stands in the database and on the wire.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

identifier! {
    /// The id of an order, unique over all instances.
    OrderId
}
identifier! {
    /// The id of a product, unique over all instances.
    ProductId
}
identifier! {
    /// The id of a user, unique over all instances.
    UserId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_number() {
        assert_eq!((OrderId::new(7).get(), ProductId::new(8).to_string()), (7, "8".to_owned()));
        assert_eq!(serde_json::to_string(&UserId::new(9)).unwrap(), "9");
    }
}
