//! The table of requests and percentiles by instance.

use super::cells::{fail_share, per_second, percentile, zero_is_good};
use crate::report::Report;
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Instance"), Left),
        (text!("Requests"), Right),
        (text!("Failed"), Right),
        (text!("Rejected"), Right),
        (text!("Failed %"), Right),
        (text!("Req/s"), Right),
        (text!("p50"), Right),
        (text!("p95"), Right),
        (text!("p99"), Right),
    ];
    let mut table = Table::new(text!("By instance"), &columns);
    for instance in &report.instances {
        let traffic = &instance.traffic;
        let failed = zero_is_good(traffic.failures);
        table.toned_row([
            (instance.instance.clone(), Tone::Plain),
            (units::count(traffic.requests), Tone::Plain),
            (units::count(traffic.failures), failed),
            (units::count(traffic.refusals), Tone::Plain),
            (fail_share(traffic), failed),
            (per_second(traffic), Tone::Plain),
            (percentile(traffic.latency_ms.p50), Tone::Plain),
            (percentile(traffic.latency_ms.p95), Tone::Plain),
            (percentile(traffic.latency_ms.p99), Tone::Plain),
        ]);
    }
    table
}
