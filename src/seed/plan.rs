//! What a store is to be filled with.

use serde::Serialize;

use crate::domain::MAX_STOCK;
use crate::units::count;

/// The most products: their totals and prices are held in memory, 20 bytes each.
pub const MAX_PRODUCTS: u64 = 10_000_000;

/// The most users: their totals are held in memory, 24 bytes each.
pub const MAX_USERS: u64 = 10_000_000;

/// The most orders: a thousand million are some 100 GB of tables; more is likely a slip of the keyboard.
pub const MAX_ORDERS: u64 = 1_000_000_000;

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Products, numbered from 1.
    pub products: u64,
    /// Users, numbered from 1.
    pub users: u64,
    /// Pieces of each product that are there when all is done, that is after the history was sold.
    pub stock: u64,
    /// Orders in the history.
    pub orders: u64,
}

/// Counts that can be carried out, and the seed of all random choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    #[serde(flatten)]
    counts: Counts,
    seed: u64,
}

/// Why counts cannot be carried out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// Too few or too many products.
    #[error("the number of products is from 1 to {}, not {}", count(MAX_PRODUCTS), count(*.0))]
    Products(u64),
    /// Too few or too many users.
    #[error("the number of users is from 1 to {}, not {}", count(MAX_USERS), count(*.0))]
    Users(u64),
    /// More than a stock may hold.
    #[error("the stock of a product is at most {} pieces, not {}", count(MAX_STOCK), count(*.0))]
    Stock(u64),
    /// Too many orders.
    #[error("the number of orders is at most {}, not {}", count(MAX_ORDERS), count(*.0))]
    Orders(u64),
}

impl Plan {
    /// Checks the counts.
    pub fn new(counts: Counts, seed: u64) -> Result<Self, InvalidPlan> {
        match counts {
            Counts { products, .. } if !(1..=MAX_PRODUCTS).contains(&products) => Err(InvalidPlan::Products(products)),
            Counts { users, .. } if !(1..=MAX_USERS).contains(&users) => Err(InvalidPlan::Users(users)),
            Counts { stock, .. } if stock > MAX_STOCK => Err(InvalidPlan::Stock(stock)),
            Counts { orders, .. } if orders > MAX_ORDERS => Err(InvalidPlan::Orders(orders)),
            counts => Ok(Self { counts, seed }),
        }
    }

    /// How much of everything.
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
            (Counts { products: 0, ..largest }, "the number of products is from 1 to 10,000,000, not 0"),
            (
                Counts { products: MAX_PRODUCTS + 1, ..largest },
                "the number of products is from 1 to 10,000,000, not 10,000,001",
            ),
            (Counts { users: 0, ..largest }, "the number of users is from 1 to 10,000,000, not 0"),
            (
                Counts { stock: MAX_STOCK + 1, ..largest },
                "the stock of a product is at most 2,000,000,000 pieces, not 2,000,000,001",
            ),
            (
                Counts { orders: MAX_ORDERS + 1, ..largest },
                "the number of orders is at most 1,000,000,000, not 1,000,000,001",
            ),
        ] {
            assert_eq!(Plan::new(counts, 1).map_err(|error| error.to_string()), Err(sentence.to_owned()));
        }
    }
}
