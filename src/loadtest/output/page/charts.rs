//! The charts of a run.

use crate::loadtest::output::ramp;
use crate::page::{Axis, Chart, Color, Series};
use crate::run_result::{RouteSummary, RunResult, TimelinePoint};
use crate::stats::Latencies;
use crate::text;
use crate::units::Language;

/// The charts of a run in the order of the page.
pub(super) fn charts(summary: &RunResult, before: &[TimelinePoint], language: Language) -> Vec<Chart> {
    let over_time = |chart: Chart| {
        chart
            .marked(language.text(text!("generator stood still")), standstills(summary))
            .divided(language.text(text!("load changed by hand")), changes(summary))
    };
    let earlier = |name: &'static str, value: fn(&TimelinePoint) -> Option<f64>| {
        earlier(language.text(name).to_owned(), before, value)
    };
    let mut charts = vec![
        over_time(users(summary, earlier(text!("users of the baseline"), |point| Some(point.users as f64)), language)),
        over_time(rates(
            summary,
            earlier(text!("good answers of the baseline"), |point| {
                Some(point.requests_per_s() - point.failures_per_s())
            }),
            language,
        )),
        over_time(percentiles(
            summary,
            earlier(text!("p95 of the baseline"), |point| Some(point.succeeded_latency_ms?.p95)),
            language,
        )),
        distribution(summary, language),
        over_time(processor(summary, language)),
    ];
    charts.extend(ramp::ramp_charts(summary, language));
    charts
}

/// The line of an earlier run; None if it is not known.
fn earlier(name: String, before: &[TimelinePoint], value: fn(&TimelinePoint) -> Option<f64>) -> Option<Series> {
    let points = before.iter().map(|point| (point.at_s, value(point))).collect();
    (!before.is_empty()).then_some(Series { name, color: Color::Series(4), filled: false, points })
}

/// When the load was changed by hand, in seconds since the first request.
fn changes(summary: &RunResult) -> Vec<f64> {
    summary.levels.iter().skip(1).map(|level| level.at_s).collect()
}

fn users(summary: &RunResult, earlier: Option<Series>, language: Language) -> Chart {
    let own = line(summary, language.text(text!("users")), Color::Series(0), true, |point| Some(point.users as f64));
    let series = [own].into_iter().chain(earlier).collect();
    Chart::lines(language.text(text!("Users")), seconds(summary), series)
}

fn rates(summary: &RunResult, earlier: Option<Series>, language: Language) -> Chart {
    let mut series = vec![
        line(summary, language.text(text!("good answers")), Color::Series(0), true, |point| {
            Some(point.requests_per_s() - point.failures_per_s())
        }),
        line(summary, language.text(text!("failures")), Color::Bad, false, |point| Some(point.failures_per_s())),
    ];
    series.extend(earlier);
    Chart::lines(language.text(text!("Good answers and failures per second")), seconds(summary), series)
}

fn percentiles(summary: &RunResult, earlier: Option<Series>, language: Language) -> Chart {
    let good = |point: &TimelinePoint| point.succeeded_latency_ms;
    let mut series = vec![
        line(summary, language.text(text!("p50")), Color::Series(0), false, |point| Some(good(point)?.p50)),
        line(summary, language.text(text!("p95")), Color::Series(1), false, |point| Some(good(point)?.p95)),
        line(summary, language.text(text!("p99")), Color::Series(3), false, |point| Some(good(point)?.p99)),
    ];
    if summary.failures > 0 {
        series.push(line(summary, language.text(text!("p95 of failures")), Color::Bad, false, |point| {
            Some(point.failed_latency_ms?.p95)
        }));
    }
    series.extend(earlier);
    Chart::lines(
        language.text(text!("Response times of good answers in each second, milliseconds")),
        seconds(summary),
        series,
    )
    .on_fitting_scale()
}

fn processor(summary: &RunResult, language: Language) -> Chart {
    let series =
        vec![line(summary, language.text(text!("cores")), Color::Series(2), true, |point| Some(point.cpu_cores))];
    Chart::lines(language.text(text!("Processor time of the load generator, cores")), seconds(summary), series)
}

fn line(
    summary: &RunResult,
    name: &str,
    color: Color,
    filled: bool,
    value: impl Fn(&TimelinePoint) -> Option<f64>,
) -> Series {
    let usual = usual_window(summary);
    let points = summary.timeline.iter().flat_map(|point| {
        let value = value(point);
        // A value is that of its whole window. A line from the end of the window before would show something between
        // the two where there was none.
        let begins = (point.window_s > LONG_WINDOW * usual).then_some((point.at_s - point.window_s, value));
        begins.into_iter().chain([(point.at_s, value)])
    });
    let points = points.collect();
    Series { name: name.to_owned(), color, filled, points }
}

/// A window that is longer than the usual one by this factor is drawn over its whole length.
const LONG_WINDOW: f64 = 1.5;

/// The median length of a window in seconds: a long run has longer ones.
fn usual_window(summary: &RunResult) -> f64 {
    let mut lengths: Vec<_> = summary.timeline.iter().map(|point| point.window_s).collect();
    lengths.sort_by(f64::total_cmp);
    lengths.get(lengths.len() / 2).copied().unwrap_or(1.0)
}

/// When the generator stood still, in seconds since the first request.
fn standstills(summary: &RunResult) -> Vec<(f64, f64)> {
    summary.standstills.longest.iter().map(|one| (one.at_s, one.ends_s())).collect()
}

fn seconds(summary: &RunResult) -> Axis {
    Axis::seconds(summary.timeline.last().map_or(1.0, |point| point.at_s))
}

fn distribution(summary: &RunResult, language: Language) -> Chart {
    let route = |route: &RouteSummary| {
        let name = format!("{} {}", route.method, route.route);
        (name, route.histograms.succeeded.clone())
    };
    let mut failed = Latencies::default();
    for route in &summary.routes {
        failed.merge(&route.histograms.failed);
    }
    super::distribution::of_routes(summary.routes.iter().map(route).collect(), &failed, language)
}
