//! The charts of a run.

use crate::page::{Axis, Chart, Color, Series};
use crate::run_result::{RouteSummary, RunResult, TimelinePoint};
use crate::stats::Latencies;

/// The charts of a run in the order of the page.
pub(super) fn charts(summary: &RunResult) -> Vec<Chart> {
    vec![users(summary), rates(summary), percentiles(summary), distribution(summary), processor(summary)]
}

fn users(summary: &RunResult) -> Chart {
    let series = vec![line(summary, "users", Color::Series(0), true, |point| Some(point.users as f64))];
    Chart::lines("Users", seconds(summary), series)
}

fn rates(summary: &RunResult) -> Chart {
    let series = vec![
        line(summary, "good answers", Color::Series(0), true, |point| {
            Some(point.requests_per_s() - point.failures_per_s())
        }),
        line(summary, "failures", Color::Bad, false, |point| Some(point.failures_per_s())),
    ];
    Chart::lines("Good answers and failures per second", seconds(summary), series)
}

fn percentiles(summary: &RunResult) -> Chart {
    let good = |point: &TimelinePoint| point.succeeded_latency_ms;
    let mut series = vec![
        line(summary, "p50", Color::Series(0), false, |point| Some(good(point)?.p50)),
        line(summary, "p95", Color::Series(1), false, |point| Some(good(point)?.p95)),
        line(summary, "p99", Color::Series(3), false, |point| Some(good(point)?.p99)),
    ];
    if summary.failures > 0 {
        series.push(line(summary, "p95 of failures", Color::Bad, false, |point| Some(point.failed_latency_ms?.p95)));
    }
    Chart::lines("Response times of good answers in each second, milliseconds", seconds(summary), series)
        .on_fitting_scale()
}

fn processor(summary: &RunResult) -> Chart {
    let series = vec![line(summary, "cores", Color::Series(2), true, |point| Some(point.cpu_cores))];
    Chart::lines("Processor time of the load generator, cores", seconds(summary), series)
}

fn line(
    summary: &RunResult,
    name: &str,
    color: Color,
    filled: bool,
    value: impl Fn(&TimelinePoint) -> Option<f64>,
) -> Series {
    let points = summary.timeline.iter().map(|point| (point.at_s, value(point))).collect();
    Series { name: name.to_owned(), color, filled, points }
}

fn seconds(summary: &RunResult) -> Axis {
    Axis::seconds(summary.timeline.last().map_or(1.0, |point| point.at_s))
}

fn distribution(summary: &RunResult) -> Chart {
    let route = |route: &RouteSummary| {
        let name = format!("{} {}", route.method, route.route);
        (name, route.histograms.succeeded.clone())
    };
    let mut failed = Latencies::default();
    for route in &summary.routes {
        failed.merge(&route.histograms.failed);
    }
    super::distribution::of_routes(summary.routes.iter().map(route).collect(), &failed)
}
