//! The tables of transactions with orders.

use super::cells::{NOTHING, rate};
use crate::report::{BatchSize, Report};
use crate::table::Align::{Left, Right};
use crate::table::Table;
use crate::units::{self, Language};
use crate::{say, text};

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Transactions"), Right),
        (text!("Orders"), Right),
        (text!("Transactions/s"), Right),
        (text!("Orders/s"), Right),
        (text!("Orders each"), Right),
        (text!("p50"), Right),
        (text!("p95"), Right),
    ];
    let mut table = Table::new(text!("Transactions with orders"), &columns);
    let batches = &report.batches;
    let at_most =
        |size: Option<u64>| size.map_or_else(|| text!("> the last bound").to_owned(), |size| format!("≤ {size}"));
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
pub(super) fn sizes(report: &Report, language: Language) -> Table {
    let columns = [(text!("Orders in one transaction"), Left), (text!("Transactions"), Right), (text!("Share"), Right)];
    let mut table = Table::new(text!("Transactions by size"), &columns);
    let batches = &report.batches;
    for size in batches.sizes.iter().filter(|_| batches.sizes.len() > 1) {
        let share = units::percent(size.batches as f64 / batches.batches as f64);
        table.row([name(size, language), units::count(size.batches), share]);
    }
    table
}

fn name(size: &BatchSize, language: Language) -> String {
    match size.to {
        Some(to) if to == size.from => to.to_string(),
        Some(to) => say!(language, "{from} to {to}", from = size.from, to),
        None if size.from == 0 => NOTHING.to_owned(),
        None => say!(language, "{from} or more", from = size.from),
    }
}
