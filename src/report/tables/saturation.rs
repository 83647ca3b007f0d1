//! The tables of peaks against their limits, and of waiting times.

use super::cells::{NOTHING, known, percentile};
use crate::report::{Connections, Latencies, Percentile, Report};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

/// The share of a limit from which on a peak is marked as doubtful.
const NEARLY_FULL: f64 = 0.9;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("All instances"), Left),
        (text!("Most at one time"), Right),
        (text!("Allowed"), Right),
        (text!("Used"), Right),
    ];
    let mut table = Table::new(text!("Saturation"), &columns).with_named_rows();
    let (saturation, connections) = (&report.saturation, &report.connections);
    let rows = [
        (text!("requests in flight"), saturation.requests_in_flight_peak, None),
        (text!("client connections"), saturation.client_connections_peak, None),
        (text!("orders waiting"), saturation.order_queue_depth_peak, None),
        (text!("pooled connections in use"), in_use(connections), connections.pool_size),
        (
            text!("database connections"),
            connections.total.as_ref().map(|total| total.peak),
            connections.max_connections,
        ),
    ];
    for (name, most, allowed) in rows.into_iter().filter(|(_, most, _)| most.is_some()) {
        let used = most.zip(allowed).map(|(most, allowed)| most as f64 / allowed as f64);
        let tone = match used {
            Some(used) if used >= 1.0 => Tone::Bad,
            Some(used) if used >= NEARLY_FULL => Tone::Doubtful,
            _ => Tone::Plain,
        };
        let used = used.map_or_else(|| NOTHING.to_owned(), units::percent);
        table.toned_row([name.to_owned(), known(most), known(allowed), used].map(|cell| (cell, tone)));
    }
    table
}

/// The peak of pooled connections in use; `None` if connections are not pooled.
fn in_use(connections: &Connections) -> Option<u64> {
    connections.pool_size?;
    connections.states.iter().find(|peak| peak.state == "in_use").map(|peak| peak.peak)
}

pub(super) fn waits(report: &Report) -> Table {
    let columns = [(text!("Waited for"), Left), (text!("p50"), Right), (text!("p95"), Right), (text!("p99"), Right)];
    let mut table = Table::new(text!("Orders, on their way to the disk"), &columns).with_named_rows();
    let rows = [
        (text!("the transaction to begin"), report.saturation.order_queue_wait_ms),
        (text!("its commit"), report.saturation.order_commit_ms),
    ];
    for (name, Latencies { p50, p95, p99 }) in rows {
        if p50 != Percentile::Nothing {
            table.row([name.to_owned(), percentile(p50), percentile(p95), percentile(p99)]);
        }
    }
    table
}
