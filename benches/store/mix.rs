//! The orders of the measurements: 70 % have one product, the rest three; users are random.

use std::fmt::Write;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A user id, and product ids with their pieces, sorted by product.
pub(crate) type Order = (u64, Vec<(u64, u64)>);

/// The number of users in the measured store.
pub(crate) const USERS: u64 = 1_000;

/// The number of products in the measured store.
pub(crate) const PRODUCTS: u64 = 10_000;

/// The distribution from which orders are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    /// The number of products to choose from; with one, every order has one line.
    pub(crate) products: u64,
}

impl Mix {
    pub(crate) fn order(self, random: &mut Pcg64Mcg) -> Order {
        let user = random.random_range(1..=USERS);
        let lines = if self.products == 1 || random.random_bool(0.7) { 1 } else { 3 };
        let line = |_| (random.random_range(1..=self.products), random.random_range(1..=3));
        let mut lines: Vec<(u64, u64)> = (0..lines).map(line).collect();
        lines.sort_unstable();
        lines.dedup_by_key(|line| line.0);
        (user, lines)
    }

    /// Bodies of POST /orders; the same in every run.
    pub(crate) fn bodies(self, count: usize) -> Vec<String> {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        (0..count).map(|_| body(&self.order(&mut random))).collect()
    }
}

/// An order as the JSON body of POST /orders.
pub(crate) fn body((user, lines): &Order) -> String {
    let mut items = String::new();
    for (product, pieces) in lines {
        let separator = if items.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(items, r#"{separator}{{"product_id":{product},"quantity":{pieces}}}"#);
    }
    format!(r#"{{"user_id":{user},"items":[{items}]}}"#)
}
