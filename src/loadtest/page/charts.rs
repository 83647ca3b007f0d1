//! The charts of a run.

use std::time::Duration;

use crate::loadtest::summary::{Summary, milliseconds};
use crate::loadtest::timeline::Point;
use crate::page::{Axis, Chart, Ink, Series};
use crate::stats::Latencies;

/// All charts of a run, in the order of the page.
pub(super) fn charts(summary: &Summary) -> Vec<Chart> {
    vec![users(summary), rates(summary), percentiles(summary), distribution(summary), processor(summary)]
}

fn users(summary: &Summary) -> Chart {
    let series = vec![line(summary, "users", Ink::Series(0), true, |point| Some(point.users as f64))];
    Chart::lines("Users", seconds(summary), series)
}

fn rates(summary: &Summary) -> Chart {
    let series = vec![
        line(summary, "requests", Ink::Series(0), true, |point| Some(point.requests_per_s())),
        line(summary, "failures", Ink::Bad, false, |point| Some(point.failures_per_s())),
    ];
    Chart::lines("Requests and failures per second", seconds(summary), series)
}

fn percentiles(summary: &Summary) -> Chart {
    let series = vec![
        line(summary, "p50", Ink::Series(0), false, |point| Some(point.latency_ms?.p50)),
        line(summary, "p95", Ink::Series(1), false, |point| Some(point.latency_ms?.p95)),
        line(summary, "p99", Ink::Series(3), false, |point| Some(point.latency_ms?.p99)),
    ];
    Chart::lines("Response times of each second, milliseconds", seconds(summary), series).on_fitting_scale()
}

fn processor(summary: &Summary) -> Chart {
    let series = vec![line(summary, "cores", Ink::Series(2), true, |point| Some(point.cpu_cores))];
    Chart::lines("Processor time of the load generator, cores", seconds(summary), series)
}

fn line(summary: &Summary, name: &str, ink: Ink, filled: bool, value: impl Fn(&Point) -> Option<f64>) -> Series {
    let points = summary.timeline.iter().map(|point| (point.at_s, value(point))).collect();
    Series { name: name.to_owned(), ink, filled, points }
}

fn seconds(summary: &Summary) -> Axis {
    Axis::seconds(summary.timeline.last().map_or(1.0, |point| point.at_s))
}

/// The share of requests that took no longer, on an axis that gives each further nine the same width, as HdrHistogram's
/// own plots do: the long ones are few, and are what users remember.
fn distribution(summary: &Summary) -> Chart {
    let routes = summary.routes.iter().take(usize::from(Ink::SERIES)).zip(0..);
    let mut series: Vec<_> = routes
        .map(|(route, place)| {
            let name = format!("{} {}", route.method, route.route);
            curve(name, Ink::Series(place), &route.histograms.all())
        })
        .collect();
    series.retain(|line| !line.points.is_empty());
    let nines = summary.aggregated.requests.max(10) as f64;
    let axis = Axis { from: 0.0, to: nines.log10().min(5.0), labels: 6, format: share };
    Chart::lines("Response times by the share of requests that took no longer, milliseconds", axis, series)
        .on_fitting_scale()
}

/// A place on the axis of nines as a percentage.
fn share(nines: f64) -> String {
    match nines {
        whole if whole.fract().abs() < 1e-9 => match whole as u32 {
            0 => "0%".to_owned(),
            1 => "90%".to_owned(),
            2 => "99%".to_owned(),
            more => format!("99.{}%", "9".repeat(more as usize - 2)),
        },
        // A half stands between the names that people know.
        _ => String::new(),
    }
}

/// Steps of a curve for each further nine.
const STEPS_PER_NINE: u32 = 40;

fn curve(name: String, ink: Ink, times: &Latencies) -> Series {
    let steps = match times.count() {
        0 => 0,
        count => 1 + ((count as f64).log10().min(5.0) * f64::from(STEPS_PER_NINE)) as u32,
    };
    let point = |step: u32| {
        let nines = f64::from(step) / f64::from(STEPS_PER_NINE);
        let percent = 100.0 * (1.0 - 10_f64.powf(-nines));
        (nines, Some(milliseconds(times.percentile(percent).max(Duration::from_micros(1)))))
    };
    Series { name, ink, filled: false, points: (0..steps).map(point).collect() }
}
