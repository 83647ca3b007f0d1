//! The steps of filling a store in order, and the trait that observes their progress.

use std::time::Duration;

use super::history::BLOCK;
use super::plan::Plan;

/// A step of filling a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Deletes the existing rows.
    Reset,
    /// Writes the products.
    Products,
    /// Writes the users.
    Users,
    /// Writes the orders with their lines. Progress is counted in orders.
    Orders,
    /// Writes the totals of users.
    UserTotals,
    /// Writes the stocks. It is the last step, because stocks mark a complete store.
    Stocks,
}

/// The number of rows in one statement, except for orders.
const ROWS_PER_STATEMENT: u64 = 5_000;

impl Phase {
    /// The steps that write rows, in order.
    pub(super) const WRITING: [Self; 5] = [Self::Products, Self::Users, Self::Orders, Self::UserTotals, Self::Stocks];

    /// What the step works on, in words.
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

    /// The number of rows (or orders) that the step writes.
    pub(super) fn rows(self, plan: &Plan) -> u64 {
        let counts = plan.counts();
        match self {
            Self::Reset => 0,
            Self::Products | Self::Stocks => counts.products,
            Self::Users | Self::UserTotals => counts.users,
            Self::Orders => counts.orders,
        }
    }

    /// The number of rows (or orders) in a block, which is written in one transaction.
    pub(super) const fn block(self) -> u64 {
        match self {
            Self::Orders => BLOCK,
            _ => ROWS_PER_STATEMENT,
        }
    }
}

/// Receives the progress of a seed. It is called from several threads.
pub trait Progress: Send + Sync {
    /// A step with this number of rows begins. From the first call on, the store has been changed.
    fn begin(&self, phase: Phase, rows: u64);
    /// This many more rows of the step are written.
    fn advance(&self, rows: u64);
    /// The step has ended after this time.
    fn end(&self, phase: Phase, rows: u64, took: Duration);
}
