//! The tables of database connections and of database errors.

use super::cells::{NOTHING, known};
use crate::report::{ConnectionPeak, Report};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("State"), Left),
        (text!("All instances"), Right),
        (text!("Of the limit"), Right),
        (text!("One instance"), Right),
    ];
    let mut table = Table::new(text!("Database connections, the most at one time"), &columns).with_named_rows();
    let connections = &report.connections;
    let Some(total) = &connections.total else { return table };
    let limit = connections.max_connections;
    let share =
        |count: u64| limit.map_or_else(|| NOTHING.to_owned(), |limit| units::percent(count as f64 / limit as f64));
    let row = |peak: &ConnectionPeak| {
        [state_name(&peak.state).to_owned(), units::count(peak.peak), share(peak.peak), units::count(peak.peak_of_one)]
    };
    for state in &connections.states {
        table.row(row(state));
    }
    let full = limit.is_some_and(|limit| total.peak >= limit);
    let tone = if full { Tone::Bad } else { Tone::Strong };
    table.toned_row(row(total).map(|cell| (cell, tone)));
    let pool_share = connections.pool_size.map_or_else(|| NOTHING.to_owned(), share);
    let unbounded = |size: Option<u64>| size.map_or_else(|| text!("no bound").to_owned(), units::count);
    table.row([
        text!("allowed: pools").to_owned(),
        unbounded(connections.pool_size),
        pool_share,
        unbounded(connections.pool_size_of_one),
    ]);
    table.row([text!("allowed: max_connections").to_owned(), known(limit), NOTHING.to_owned(), NOTHING.to_owned()]);
    table
}

/// The name of a state, beside its label in the metrics where that is another word.
fn state_name(label: &str) -> &str {
    match label {
        "idle" => text!("asleep, in the pool (idle)"),
        "lingering" => text!("asleep, left behind (lingering)"),
        "in_use" => text!("in use"),
        "all" => text!("all"),
        other => other,
    }
}

pub(super) fn errors(report: &Report) -> Table {
    let mut table = Table::new(text!("Database errors"), &[(text!("Kind"), Left), (text!("Count"), Right)]);
    for error in &report.database_errors {
        table.toned_row([(error.name.clone(), Tone::Bad), (units::count(error.count), Tone::Bad)]);
    }
    table
}
