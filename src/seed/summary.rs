//! The result of a seed, as data and as a table.

use std::time::Duration;

use serde::Serialize;

use super::phase::Phase;
use super::plan::Plan;
use crate::db::Contents;
use crate::table::{Align, Table, Tone};
use crate::units;

/// The result of a seed.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The plan that was carried out.
    pub plan: Plan,
    /// The contents that were deleted first; `None` if the store was empty.
    pub deleted: Option<Contents>,
    /// The highest order number that was reserved before. Numbers are never given twice, except that the history uses those
    /// from 1 on, some of which running instances may hold.
    pub order_numbers_given: u64,
    /// The tables that were written, in order.
    pub tables: Vec<TableFilled>,
    /// The time from the first deletion to the last row, in seconds.
    pub seconds: f64,
}

/// The rows that were written into a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableFilled {
    /// The name of the table.
    pub table: &'static str,
    /// The number of rows.
    pub rows: u64,
    /// How long it took, in seconds. Orders and their lines are written together, so both have the same time.
    pub seconds: f64,
}

impl TableFilled {
    /// The tables that a step wrote, with their rows.
    pub(super) fn of(phase: Phase, rows: u64, lines: u64, took: Duration) -> Vec<Self> {
        let table = |table, rows| Self { table, rows, seconds: took.as_secs_f64() };
        match phase {
            Phase::Reset => Vec::new(),
            Phase::Products => vec![table("products", rows)],
            Phase::Users => vec![table("users", rows)],
            Phase::Orders if rows == 0 => Vec::new(),
            Phase::Orders => vec![table("orders", rows), table("order_items", lines)],
            Phase::UserTotals => vec![table("user_totals", rows)],
            Phase::Stocks => vec![table("stocks", rows)],
        }
    }
}

impl Summary {
    /// The summary as a table with this title.
    pub fn table(&self, title: &str) -> Table {
        let columns =
            [("Table", Align::Left), ("Rows", Align::Right), ("Time", Align::Right), ("Rows/s", Align::Right)];
        let mut table = Table::new(title, &columns);
        for filled in &self.tables {
            table.row(cells(filled.table, filled.rows, filled.seconds));
        }
        let rows = self.tables.iter().map(|filled| filled.rows).sum();
        table.toned_row(cells("all", rows, self.seconds).map(|cell| (cell, Tone::Strong)));
        table
    }
}

fn cells(name: &str, rows: u64, seconds: f64) -> [String; 4] {
    let rate = rows as f64 / seconds.max(1e-6);
    [name.to_owned(), units::count(rows), units::duration(Duration::from_secs_f64(seconds)), units::count(rate as u64)]
}

#[cfg(test)]
mod tests {
    use super::super::plan::Counts;
    use super::*;

    #[test]
    fn the_table_says_what_was_written_and_how_fast() {
        let counts = Counts { products: 10_000, users: 1_000, stock: 5, orders: 3 };
        let took = Duration::from_millis(250);
        let mut tables = TableFilled::of(Phase::Products, 10_000, 0, took);
        tables.extend(TableFilled::of(Phase::Orders, 3, 5, took));
        let plan = Plan::new(counts, 1).unwrap();
        let summary = Summary { plan, deleted: None, order_numbers_given: 0, tables, seconds: 0.5 };
        insta::assert_snapshot!(summary.table("Filled").render(None, false), @"
        Filled
         Table          Rows    Time  Rows/s
        ─────────────────────────────────────
         products     10,000  250 ms  40,000
         orders            3  250 ms      12
         order_items       5  250 ms      20
         all          10,008  500 ms  20,016
        ");
    }
}
