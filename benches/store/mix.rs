//! The orders that are placed: one product in 70 % of them, three in the rest, by random users.

use std::fmt::Write;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A user, and products with their pieces, in the order of products.
pub(crate) type Order = (u64, Vec<(u64, u64)>);

/// Users of the store that is measured.
pub(crate) const USERS: u64 = 1_000;

/// Products of the store that is measured.
pub(crate) const PRODUCTS: u64 = 10_000;

/// What orders are drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    /// Products are numbered from 1 to this; with one, every order has one line.
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

    /// Bodies of POST /orders, always the same ones.
    pub(crate) fn bodies(self, count: usize) -> Vec<String> {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        (0..count).map(|_| body(&self.order(&mut random))).collect()
    }
}

/// An order as JSON.
pub(crate) fn body((user, lines): &Order) -> String {
    let mut items = String::new();
    for (product, pieces) in lines {
        let separator = if items.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(items, r#"{separator}{{"product_id":{product},"quantity":{pieces}}}"#);
    }
    format!(r#"{{"user_id":{user},"items":[{items}]}}"#)
}
