//! The steps of filling a store, in their order, and who watches them.

use std::time::Duration;

use super::history::BLOCK;
use super::plan::Plan;

/// A step of filling a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Deleting what was there.
    Reset,
    /// Writing products.
    Products,
    /// Writing users.
    Users,
    /// Writing orders with their lines; counted in orders.
    Orders,
    /// Writing the totals of users.
    UserTotals,
    /// Writing stocks, last: a store with all its stocks is whole.
    Stocks,
}

/// Rows of a catalog table in one statement.
const ROWS_PER_STATEMENT: u64 = 5_000;

impl Phase {
    /// The steps that write, in their order.
    pub(super) const WRITING: [Self; 5] = [Self::Products, Self::Users, Self::Orders, Self::UserTotals, Self::Stocks];

    /// What it works on, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reset => "old rows",
            Self::Products => "products",
            Self::Users => "users",
            Self::Orders => "orders",
            Self::UserTotals => "user totals",
            Self::Stocks => "stocks",
        }
    }

    /// How many there are to write.
    pub(super) fn rows(self, plan: &Plan) -> u64 {
        let counts = plan.counts();
        match self {
            Self::Reset => 0,
            Self::Products | Self::Stocks => counts.products,
            Self::Users | Self::UserTotals => counts.users,
            Self::Orders => counts.orders,
        }
    }

    /// How many go into one statement and one transaction.
    pub(super) const fn block(self) -> u64 {
        match self {
            Self::Orders => BLOCK,
            _ => ROWS_PER_STATEMENT,
        }
    }
}

/// Who is told how far a seed has come. Called from several threads.
pub trait Progress: Send + Sync {
    /// A step begins, and there is so much to do. From the first call on the store is not what it was.
    fn begin(&self, phase: Phase, rows: u64);
    /// So much more of it is done.
    fn advance(&self, rows: u64);
    /// The step is done.
    fn end(&self, phase: Phase, rows: u64, took: Duration);
}
