//! The table of orders by outcome.

use crate::report::Report;
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let mut table =
        Table::new(text!("Orders"), &[(text!("Outcome"), Left), (text!("Orders"), Right), (text!("Share"), Right)]);
    let all: u64 = report.orders.iter().map(|outcome| outcome.count).sum();
    if all == 0 {
        return table;
    }
    for outcome in &report.orders {
        let lost = outcome.count > 0 && matches!(outcome.name.as_str(), "shed" | "failed");
        let tone = if lost { Tone::Bad } else { Tone::Plain };
        let share = units::percent(outcome.count as f64 / all as f64);
        table.toned_row([(outcome.name.clone(), tone), (units::count(outcome.count), tone), (share, tone)]);
    }
    let total = [text!("all").to_owned(), units::count(all), units::percent(1.0)];
    table.toned_row(total.map(|cell| (cell, Tone::Strong)));
    table
}
