//! The table of requests by route.

use super::cells::{fail_share, per_second, zero_is_good};
use crate::report::{Report, Traffic};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Method"), Left),
        (text!("Route"), Left),
        (text!("Requests"), Right),
        (text!("Failed"), Right),
        (text!("Rejected"), Right),
        (text!("Failed %"), Right),
        (text!("Req/s"), Right),
    ];
    let mut table = Table::new(text!("Requests"), &columns);
    for route in &report.routes {
        table.toned_row(cells(&route.method, &route.route, &route.traffic, Tone::Plain));
    }
    table.toned_row(cells("", text!("Aggregated"), &report.total, Tone::Strong));
    table
}

fn cells(method: &str, route: &str, traffic: &Traffic, tone: Tone) -> Vec<(String, Tone)> {
    let failed = match zero_is_good(traffic.failures) {
        Tone::Plain => tone,
        bad => bad,
    };
    vec![
        (method.to_owned(), tone),
        (route.to_owned(), tone),
        (units::count(traffic.requests), tone),
        (units::count(traffic.failures), failed),
        (units::count(traffic.refusals), tone),
        (fail_share(traffic), failed),
        (per_second(traffic), tone),
    ]
}
