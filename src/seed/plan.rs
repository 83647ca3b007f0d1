//! The plan: what a store is to be filled with.

use serde::Serialize;

use crate::domain::MAX_STOCK;
use crate::units::count;

/// The maximum number of products. Their totals and prices are kept in memory, 20 bytes each.
pub const MAX_PRODUCTS: u64 = 10_000_000;

/// The maximum number of users. Their totals are kept in memory, 24 bytes each.
pub const MAX_USERS: u64 = 10_000_000;

/// The maximum number of orders. A thousand million orders take about 100 GB; more is probably a typing error.
pub const MAX_ORDERS: u64 = 1_000_000_000;

/// How many rows of each kind a store gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The number of products; they are numbered from 1.
    pub products: u64,
    /// The number of users; they are numbered from 1.
    pub users: u64,
    /// The stock of each product at the end, after the history was sold.
    pub stock: u64,
    /// The number of orders in the history.
    pub orders: u64,
}

/// Valid counts, and the seed of all random choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    #[serde(flatten)]
    counts: Counts,
    seed: u64,
}

/// Why counts are not valid. Contains the wrong number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// The number of products is 0 or above [`MAX_PRODUCTS`].
    #[error("the number of products must be from 1 to {}, not {}", count(MAX_PRODUCTS), count(*.0))]
    Products(u64),
    /// The number of users is 0 or above [`MAX_USERS`].
    #[error("the number of users must be from 1 to {}, not {}", count(MAX_USERS), count(*.0))]
    Users(u64),
    /// The stock is above [`MAX_STOCK`].
    #[error("the stock of a product must be at most {} pieces, not {}", count(MAX_STOCK), count(*.0))]
    Stock(u64),
    /// The number of orders is above [`MAX_ORDERS`].
    #[error("the number of orders must be at most {}, not {}", count(MAX_ORDERS), count(*.0))]
    Orders(u64),
}

impl Plan {
    /// Checks that each count is within its limits.
    pub fn new(counts: Counts, seed: u64) -> Result<Self, InvalidPlan> {
        match counts {
            Counts { products, .. } if !(1..=MAX_PRODUCTS).contains(&products) => Err(InvalidPlan::Products(products)),
            Counts { users, .. } if !(1..=MAX_USERS).contains(&users) => Err(InvalidPlan::Users(users)),
            Counts { stock, .. } if stock > MAX_STOCK => Err(InvalidPlan::Stock(stock)),
            Counts { orders, .. } if orders > MAX_ORDERS => Err(InvalidPlan::Orders(orders)),
            counts => Ok(Self { counts, seed }),
        }
    }

    /// How many rows of each kind a store gets.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The seed of all random choices.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_themselves_can_be_carried_out_and_one_more_cannot() {
        let largest = Counts { products: MAX_PRODUCTS, users: MAX_USERS, stock: MAX_STOCK, orders: MAX_ORDERS };
        assert!(Plan::new(largest, 1).is_ok());
        assert!(Plan::new(Counts { products: 1, users: 1, stock: 0, orders: 0 }, 1).is_ok());
        for (counts, sentence) in [
            (Counts { products: 0, ..largest }, "the number of products must be from 1 to 10,000,000, not 0"),
            (
                Counts { products: MAX_PRODUCTS + 1, ..largest },
                "the number of products must be from 1 to 10,000,000, not 10,000,001",
            ),
            (Counts { users: 0, ..largest }, "the number of users must be from 1 to 10,000,000, not 0"),
            (
                Counts { stock: MAX_STOCK + 1, ..largest },
                "the stock of a product must be at most 2,000,000,000 pieces, not 2,000,000,001",
            ),
            (
                Counts { orders: MAX_ORDERS + 1, ..largest },
                "the number of orders must be at most 1,000,000,000, not 1,000,000,001",
            ),
        ] {
            assert_eq!(Plan::new(counts, 1).map_err(|error| error.to_string()), Err(sentence.to_owned()));
        }
    }
}
