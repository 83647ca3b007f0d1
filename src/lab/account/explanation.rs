//! The table that explains the results of a subject: connections, statements, cache, processors, each beside the value of
//! the rung before, if there is one.

use super::cells::{NOTHING, milliseconds, users};
use super::subject_account::SubjectAccount;
use crate::lab::{Burst, DatabaseSide, LabConditions, Measurement, ServerSide, UnloadedRequests};
use crate::table::{Align, Table};
use crate::units;

/// One row: its name, and the function that takes its value from a measurement.
type Row = (&'static str, fn(&Measurement) -> Option<String>);

/// All rows of the table, in order.
const ROWS: &[Row] = &[
    ("database connections open at the peak", |m| database(m, |d| format!("{} of {}", d.peak.open, d.max_connections))),
    ("  of these asleep", |m| database(m, |d| units::count(d.peak.asleep))),
    ("  of these running a statement", |m| database(m, |d| units::count(d.peak.running))),
    ("longest that one was seen asleep", |m| database(m, |d| format!("{} s", d.longest_sleep_s))),
    ("connections the database refused", |m| server(m, |s| units::count(s.refused_connections))),
    ("statements for an order of three products, alone", |m| alone(m, |a| units::count(a.order_statements))),
    ("  milliseconds", |m| alone(m, |a| milliseconds(a.order_ms))),
    ("rows read for a report that is in no cache, alone", |m| alone(m, |a| units::count(a.cold_report_rows))),
    ("  milliseconds", |m| alone(m, |a| milliseconds(a.cold_report_ms))),
    ("reports answered out of the cache", |m| m.server.as_ref()?.hit_ratio().map(units::percent)),
    ("  of these older than they should be", |m| m.server.as_ref()?.stale_ratio().map(units::percent)),
    ("statements per second", |m| database(m, |d| units::count((d.statements as f64 / m.load.duration_s) as u64))),
    ("rows read per second", |m| database(m, |d| units::count((d.rows_read as f64 / m.load.duration_s) as u64))),
    ("processors used by the instances", |m| server(m, |s| format!("{:.2}", s.cpu_cores))),
    ("processors used by the database", |m| m.database.as_ref()?.cpu_cores.map(|cores| format!("{cores:.2}"))),
    ("most memory of an instance", |m| server(m, |s| units::bytes(s.memory_peak_bytes))),
    ("orders accepted per second, as fast as they come", |m| burst(m, |b| Some(units::significant(b.orders_per_s)))),
    ("  of these orders failed", |m| burst(m, |b| b.fail_ratio.map(units::percent))),
    ("  milliseconds of accepted ones, median", |m| burst(m, |b| b.p50_ms.map(milliseconds))),
    ("  statements per accepted order", |m| burst(m, |b| b.statements_per_order.map(units::significant))),
    ("  accepted orders per commit", |m| burst(m, |b| b.orders_per_commit.map(units::significant))),
    ("users served correctly", |m| m.limit.as_ref().map(users)),
];

/// Makes the table; `None` if no value is known, as for another service.
pub(super) fn table(shown: &Measurement, before: Option<&SubjectAccount>) -> Option<Table> {
    let earlier = before.and_then(|before| before.shown.as_ref());
    let was = before.map(|before| capitalised(&before.short()));
    let mut columns = vec![("Figure", Align::Left)];
    columns.extend(was.as_deref().map(|was| (was, Align::Right)));
    columns.push(("Here", Align::Right));
    let mut table = Table::new("What explains it", &columns);
    for (name, value) in ROWS {
        let here = value(shown);
        let was = before.map(|_| earlier.and_then(value));
        if here.is_none() && was.iter().flatten().next().is_none() {
            continue;
        }
        let cell = |value: Option<String>| value.unwrap_or_else(|| NOTHING.to_owned());
        table.row([(*name).to_owned()].into_iter().chain(was.map(cell)).chain([cell(here)]));
    }
    (!table.is_empty()).then_some(table)
}

/// The conditions of the lab in a few lines: load, store, database, machine.
pub(super) fn setting(conditions: &LabConditions, subjects: &[SubjectAccount]) -> Vec<String> {
    let count = |number: u64| units::count(number);
    let rounds = if conditions.repeat > 1 { format!(", {} rounds", conditions.repeat) } else { String::new() };
    let mut lines = vec![
        format!(
            "Load: {} users, think time 1 to 2 s, {} s{rounds}; a third each of orders, best sellers and highest spenders.",
            count(u64::from(conditions.users)),
            conditions.run_time_s
        ),
        format!(
            "Store: {} products, {} users, {} orders of history, filled anew for each rung.",
            count(conditions.products),
            count(conditions.customers),
            count(conditions.history_orders)
        ),
    ];
    let mut shown = subjects.iter().filter_map(|subject| subject.shown.as_ref());
    if let Some(database) = shown.clone().find_map(|shown| shown.database.as_ref()) {
        let max = database.max_connections;
        // The version of MariaDB contains its name, that of MySQL only a number.
        let server = if database.version.contains("MariaDB") { "" } else { "MySQL " };
        lines.push(format!(
            "Database: {server}{}, its own defaults: {max} connections, one of them the lab's; every commit on disk.",
            database.version
        ));
    }
    if let Some(shown) = shown.next() {
        let machine = &shown.load.environment;
        let memory = machine.memory_bytes.map(|bytes| format!(", {}", units::bytes(bytes))).unwrap_or_default();
        lines.push(format!(
            "Machine: {} cores of {}{memory}, shared by database, store and load generator; storemgr {}.",
            machine.cores, machine.cpu, machine.storemgr
        ));
    }
    lines
}

fn database(measurement: &Measurement, value: impl Fn(&DatabaseSide) -> String) -> Option<String> {
    measurement.database.as_ref().map(value)
}

fn server(measurement: &Measurement, value: impl Fn(&ServerSide) -> String) -> Option<String> {
    measurement.server.as_ref().map(value)
}

fn alone(measurement: &Measurement, value: impl Fn(&UnloadedRequests) -> String) -> Option<String> {
    measurement.alone.as_ref().map(value)
}

fn burst(measurement: &Measurement, value: impl Fn(&Burst) -> Option<String>) -> Option<String> {
    measurement.burst.as_ref().and_then(value)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
