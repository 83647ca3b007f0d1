//! The errors of filling a store.

use crate::db::{Contents, DbError, MigrateError};
use crate::units::count;

/// Why a store was not filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The schema could not be migrated. Nothing was changed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database failed before anything was changed.
    #[error(transparent)]
    Database(DbError),
    /// Another seed is running on the same database.
    #[error("another seed is filling this store: wait until it has finished")]
    Busy,
    /// The store has data, and `reset` was not given.
    #[error("the store has data ({}): give --reset to delete it and fill the store anew", describe(.0))]
    HasData(Contents),
    /// The store has the data of an interrupted seed, and `reset` was not given.
    #[error(
        "the store is half filled by a seed that did not finish ({}): give --reset to delete that and fill the store anew",
        describe(.0)
    )]
    HalfFilled(Contents),
    /// The database failed while the store was being filled.
    #[error("{0}; the store may be half filled now: run the same command with --reset to start again")]
    Broken(DbError),
}

/// The contents of a store in words: `10,000 products, 1,000 users, 5 orders`.
pub(super) fn describe(contents: &Contents) -> String {
    let mut parts =
        vec![amount(contents.products, "product"), amount(contents.users, "user"), amount(contents.orders, "order")];
    if contents.idempotency_keys > 0 {
        parts.push(amount(contents.idempotency_keys, "idempotency key"));
    }
    parts.join(", ")
}

fn amount(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_there_and_what_to_do() {
        let contents = Contents { products: 10_000, stocks: 10_000, users: 1, orders: 5, ..Contents::default() };
        assert_eq!(
            SeedError::HasData(contents).to_string(),
            "the store has data (10,000 products, 1 user, 5 orders): give --reset to delete it and fill the store anew"
        );
    }
}
