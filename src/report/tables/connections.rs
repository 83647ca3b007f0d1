//! The tables of database connections and of database errors.

use super::cells::{NOTHING, known};
use crate::report::{ConnectionPeak, Report};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [("State", Left), ("All instances", Right), ("Of the limit", Right), ("One instance", Right)];
    let mut table = Table::new("Database connections, the most at one time", &columns);
    let connections = &report.connections;
    let Some(total) = &connections.total else { return table };
    let limit = connections.max_connections;
    let share =
        |count: u64| limit.map_or_else(|| NOTHING.to_owned(), |limit| units::percent(count as f64 / limit as f64));
    let row = |peak: &ConnectionPeak| {
        [peak.state.clone(), units::count(peak.peak), share(peak.peak), units::count(peak.peak_of_one)]
    };
    for state in &connections.states {
        table.row(row(state));
    }
    let full = limit.is_some_and(|limit| total.peak >= limit);
    let tone = if full { Tone::Bad } else { Tone::Strong };
    table.toned_row(row(total).map(|cell| (cell, tone)));
    let pool_share = connections.pool_size.map_or_else(|| NOTHING.to_owned(), share);
    let unbounded = |size: Option<u64>| size.map_or_else(|| "no bound".to_owned(), units::count);
    table.row([
        "allowed: pools".to_owned(),
        unbounded(connections.pool_size),
        pool_share,
        unbounded(connections.pool_size_of_one),
    ]);
    table.row(["allowed: max_connections".to_owned(), known(limit), NOTHING.to_owned(), NOTHING.to_owned()]);
    table
}

pub(super) fn errors(report: &Report) -> Table {
    let mut table = Table::new("Database errors", &[("Kind", Left), ("Count", Right)]);
    for error in &report.database_errors {
        table.toned_row([(error.name.clone(), Tone::Bad), (units::count(error.count), Tone::Bad)]);
    }
    table
}
