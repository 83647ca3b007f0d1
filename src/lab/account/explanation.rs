//! The table that explains the results of a subject: connections, statements, cache, processors, each beside the value of
//! the rung before, if there is one.

use super::cells::{NOTHING, milliseconds, users};
use super::subject_account::SubjectAccount;
use crate::lab::ladder::{LINGER_SECONDS, PER_REQUEST, Rung};
use crate::lab::{Burst, DatabaseSide, LabConditions, Measurement, ServerSide, UnloadedRequests};
use crate::table::{Align, Table};
use crate::units::Language;
use crate::{say, text};

/// One row: its name, and the function that takes its value from a measurement.
type Row = (&'static str, fn(&Measurement, Language) -> Option<String>);

/// All rows of the table, in order.
const ROWS: &[Row] = &[
    (text!("database connections open at the peak"), |m, l| {
        database(m, |d| say!(l, "{open} of {most}", open = d.peak.open, most = d.max_connections))
    }),
    (text!("  of these asleep"), |m, l| database(m, |d| l.count(d.peak.asleep))),
    (text!("  of these running a statement"), |m, l| database(m, |d| l.count(d.peak.running))),
    (text!("longest that one was seen asleep"), |m, l| database(m, |d| l.number(&format!("{} s", d.longest_sleep_s)))),
    (text!("connections the database refused (1040)"), |m, l| server(m, |s| l.count(s.refused_connections))),
    (text!("statements for an order of three products, alone"), |m, l| alone(m, |a| l.count(a.order_statements))),
    (text!("  milliseconds"), |m, l| alone(m, |a| milliseconds(a.order_ms, l))),
    (text!("rows read for a report that is in no cache, alone"), |m, l| alone(m, |a| l.count(a.cold_report_rows))),
    (text!("  milliseconds"), |m, l| alone(m, |a| milliseconds(a.cold_report_ms, l))),
    (text!("reports answered out of the cache"), |m, l| Some(l.percent(m.server.as_ref()?.hit_ratio()?))),
    (text!("  of these older than they should be"), |m, l| Some(l.percent(m.server.as_ref()?.stale_ratio()?))),
    (text!("statements per second"), |m, l| database(m, |d| l.count((d.statements as f64 / m.load.duration_s) as u64))),
    (text!("rows read per second"), |m, l| database(m, |d| l.count((d.rows_read as f64 / m.load.duration_s) as u64))),
    (text!("processors used by the instances"), |m, l| server(m, |s| l.decimals(s.cpu_cores, 2))),
    (text!("processors used by the database"), |m, l| Some(l.decimals(m.database.as_ref()?.cpu_cores?, 2))),
    (text!("most memory of an instance"), |m, l| server(m, |s| l.bytes(s.memory_peak_bytes))),
    (text!("seconds from the loss of the primary to the next accepted order"), |m, l| {
        Some(l.decimals(m.failover.as_ref()?.accepted_after_s?, 1))
    }),
    (text!("  requests of the load that failed from then on"), |m, l| Some(l.count(m.failover.as_ref()?.failed))),
    (text!("  of these refused with 503"), |m, l| Some(l.count(m.failover.as_ref()?.refused))),
    (text!("  accepted orders that were lost"), |m, l| Some(l.count(m.failover.as_ref()?.lost_orders()?))),
    (text!("orders accepted per second, as fast as they come"), |m, l| {
        burst(m, |b| Some(l.significant(b.orders_per_s)))
    }),
    (text!("  of these orders failed"), |m, l| burst(m, |b| Some(l.percent(b.fail_ratio?)))),
    (text!("  milliseconds of accepted ones, median"), |m, l| burst(m, |b| Some(milliseconds(b.p50_ms?, l)))),
    (text!("  statements per accepted order"), |m, l| burst(m, |b| Some(l.significant(b.statements_per_order?)))),
    (text!("  accepted orders per commit"), |m, l| burst(m, |b| Some(l.significant(b.orders_per_commit?)))),
    (text!("users served correctly"), |m, l| Some(users(m.limit.as_ref()?, l))),
];

/// Makes the table; `None` if no value is known, as for another service.
pub(super) fn table(shown: &Measurement, before: Option<&SubjectAccount>, language: Language) -> Option<Table> {
    let earlier = before.and_then(|before| before.shown.as_ref());
    let was = before.map(|before| before.column(language));
    let mut columns = vec![(language.text(text!("Figure")), Align::Left)];
    columns.extend(was.as_deref().map(|was| (was, Align::Right)));
    columns.push((language.text(text!("Here")), Align::Right));
    let mut table = Table::new(language.text(text!("What explains it")), &columns);
    for (name, value) in ROWS {
        let here = value(shown, language);
        let was = before.map(|_| earlier.and_then(|earlier| value(earlier, language)));
        if here.is_none() && was.iter().flatten().next().is_none() {
            continue;
        }
        let cell = |value: Option<String>| value.unwrap_or_else(|| NOTHING.to_owned());
        table.row([language.text(name).to_owned()].into_iter().chain(was.map(cell)).chain([cell(here)]));
    }
    (!table.is_empty()).then_some(table)
}

/// The conditions of the lab in a few lines: load, store, database, machine.
pub(super) fn setting(conditions: &LabConditions, subjects: &[SubjectAccount], language: Language) -> Vec<String> {
    let count = |number: u64| language.count(number);
    let rounds = match conditions.repeat {
        0 | 1 => String::new(),
        rounds => say!(language, ", {rounds} rounds", rounds),
    };
    let mut lines = vec![
        say!(
            language,
            "Load: {users} users, think time 1 to 2 s, {seconds} s{rounds}; a third each of orders, best sellers and highest \
             spenders.",
            users = count(u64::from(conditions.users)),
            seconds = conditions.run_time_s,
            rounds
        ),
        say!(
            language,
            "Store: {products} products, {customers} users, {orders} orders of history, filled anew for each rung.",
            products = count(conditions.products),
            customers = count(conditions.customers),
            orders = count(conditions.history_orders)
        ),
    ];
    let leaves_open = |number: &u8| Rung::find(*number).is_some_and(|rung| rung.setup.connections == PER_REQUEST);
    if (conditions.run_time_s as f64) < LINGER_SECONDS && conditions.rungs.iter().any(leaves_open) {
        lines.push(say!(
            language,
            "The load test is shorter than the {linger} s for which requests of the first rungs leave their connections open: none \
             comes back before its end, so more requests fail there, and fewer orders are accepted after it, than in a longer lab.",
            linger = language.decimals(LINGER_SECONDS, 0)
        ));
    }
    lines.extend(conditions.left_out(language));
    let mut shown = subjects.iter().filter_map(|subject| subject.shown.as_ref());
    if let Some((watched, database)) = shown.clone().find_map(|shown| Some((shown, shown.database.as_ref()?))) {
        // The version of MariaDB contains its name, that of MySQL only a number.
        let server = if database.version.contains("MariaDB") { "" } else { "MySQL " };
        lines.push(say!(
            language,
            "Database: {server}{version}, its own defaults: {most} connections, {own} of them the lab's; every commit on disk.",
            server,
            version = database.version,
            most = database.max_connections,
            own = watched.lab_connections()
        ));
    }
    if let Some(shown) = shown.next() {
        let machine = &shown.load.environment;
        let memory = machine.memory_bytes.map(|bytes| format!(", {}", language.bytes(bytes))).unwrap_or_default();
        lines.push(say!(
            language,
            "Machine: {cores} cores of {processor}{memory}, shared by database, store and load generator; storemgr {version}.",
            cores = machine.cores,
            processor = machine.cpu,
            memory,
            version = machine.storemgr
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
