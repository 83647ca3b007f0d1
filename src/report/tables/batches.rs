//! The tables of transactions with orders.

use super::cells::{NOTHING, rate};
use crate::report::{BatchSize, Report};
use crate::table::Align::{Left, Right};
use crate::table::Table;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        ("Transactions", Right),
        ("Orders", Right),
        ("Transactions/s", Right),
        ("Orders/s", Right),
        ("Orders each", Right),
        ("p50", Right),
        ("p95", Right),
    ];
    let mut table = Table::new("Transactions with orders", &columns);
    let batches = &report.batches;
    let at_most = |size: Option<u64>| size.map_or_else(|| "> the last bound".to_owned(), |size| format!("≤ {size}"));
    if let Some(mean) = batches.orders_per_batch {
        table.row([
            units::count(batches.batches),
            units::count(batches.orders),
            rate(batches.batches_per_s),
            rate(batches.orders_per_s),
            units::significant(mean),
            at_most(batches.p50_at_most),
            at_most(batches.p95_at_most),
        ]);
    }
    table
}

/// Transactions by size. Empty if there is only one size, which the mean already shows.
pub(super) fn sizes(report: &Report) -> Table {
    let columns = [("Orders in one transaction", Left), ("Transactions", Right), ("Share", Right)];
    let mut table = Table::new("Transactions by size", &columns);
    let batches = &report.batches;
    for size in batches.sizes.iter().filter(|_| batches.sizes.len() > 1) {
        let share = units::percent(size.batches as f64 / batches.batches as f64);
        table.row([name(size), units::count(size.batches), share]);
    }
    table
}

fn name(size: &BatchSize) -> String {
    match size.to {
        Some(to) if to == size.from => to.to_string(),
        Some(to) => format!("{} to {to}", size.from),
        None if size.from == 0 => NOTHING.to_owned(),
        None => format!("{} or more", size.from),
    }
}
