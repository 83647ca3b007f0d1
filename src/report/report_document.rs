//! The document of a report: the most important figures, the charts over time and the tables.

use super::document::Document;
use super::tables::{fail_share, heading, notes, over_time, percentile, rate, tables};
use super::{Report, StateLine, Timeline};
use crate::page::{Axis, Chart, Color, Fact, Judgement, Series};
use crate::units;

/// Makes the document of a report.
pub fn document(report: &Report) -> Document {
    Document {
        title: format!("What the store did from {}", report.window.started_at),
        heading: heading(report),
        judgement: judgement(report),
        facts: facts(report),
        at_a_glance: Some(over_time(report)).filter(|table| !table.is_empty()),
        charts: charts(report),
        tables: tables(report),
        notes: notes(report),
    }
}

fn judgement(report: &Report) -> Judgement {
    match (report.total.requests, report.total.failures) {
        (0, _) => Judgement::Open,
        (_, 0) => Judgement::Good,
        _ => Judgement::Bad,
    }
}

fn facts(report: &Report) -> Vec<Fact> {
    let total = &report.total;
    let mut facts = vec![
        Fact::new("requests", units::count(total.requests)),
        Fact::new("failed", fail_share(total)).bad_if(total.failures > 0),
        Fact::new("refused", units::count(total.refusals)),
        Fact::new("requests/s", rate(total.requests_per_s)),
        Fact::new("p50", percentile(total.latency_ms.p50)),
        Fact::new("p95", percentile(total.latency_ms.p95)),
        Fact::new("p99", percentile(total.latency_ms.p99)),
    ];
    if let Some(open) = &report.connections.total {
        let limit = report.connections.max_connections;
        let of = limit.map_or_else(String::new, |limit| format!(" of {}", units::count(limit)));
        let full = limit.is_some_and(|limit| open.peak >= limit);
        facts.push(Fact::new("connections", format!("{}{of}", units::count(open.peak))).bad_if(full));
    }
    facts
}

/// The charts: requests and failures, percentiles by route, connections by state, queues. Empty if there were too few
/// scrapes.
fn charts(report: &Report) -> Vec<Chart> {
    let timeline = &report.timeline;
    if timeline.at_s.is_empty() {
        return Vec::new();
    }
    let axis = Axis::seconds(report.window.duration_s);
    let rates = vec![
        line(timeline, "requests", Color::Series(0), true, timeline.requests_per_s.iter().copied().map(Some)),
        line(timeline, "failures", Color::Bad, false, timeline.failures_per_s.iter().copied().map(Some)),
    ];
    let by_route = timeline.routes.iter().take(usize::from(Color::SERIES)).zip(0..).map(|(route, place)| {
        let name = format!("{} {}", route.method, route.route);
        line(timeline, &name, Color::Series(place), false, route.p95_ms.iter().copied())
    });
    let states = timeline.connections.iter().zip(0..);
    let of_state = |(state, place): (&StateLine, u8)| {
        line(timeline, &state.state, Color::Series(place), false, state.open.iter().copied())
    };
    // The total comes first, so that a state with nearly all connections is drawn over it.
    let all = line(timeline, "all", Color::Text, false, timeline.connections_total.iter().copied());
    let by_state = std::iter::once(all).chain(states.map(of_state)).collect();
    let waiting = vec![
        line(timeline, "orders waiting", Color::Series(1), true, timeline.order_queue_depth.iter().copied()),
        line(timeline, "requests in flight", Color::Series(0), false, timeline.requests_in_flight.iter().copied()),
    ];
    vec![
        Chart::lines("Requests and failures per second", axis, rates),
        Chart::lines("95th percentile by route, milliseconds", axis, by_route.collect()).on_fitting_scale(),
        Chart::lines("Database connections by state", axis, by_state),
        Chart::lines("Orders waiting and requests in flight, the most at one time", axis, waiting),
    ]
}

fn line(
    timeline: &Timeline,
    name: &str,
    color: Color,
    filled: bool,
    values: impl Iterator<Item = Option<f64>>,
) -> Series {
    let points = timeline.at_s.iter().copied().zip(values).collect();
    Series { name: name.to_owned(), color, filled, points }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tables::tests::report;

    #[test]
    fn a_page_has_charts_over_time_and_every_table() {
        let page = document(&report()).to_html();
        assert_eq!(page.matches("<svg role=\"img\"").count(), 4);
        for text in [
            "Refused and failed, by reason",
            "40 of 151",
            "insufficient_stock",
            "class=\"verdict bad\"",
            "POST /orders",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("<script") && !page.contains('▁'), "a page has charts and no lines of text");
        let few = Report { timeline: Timeline::default(), ..report() };
        assert!(!document(&few).to_html().contains("<figure"), "too few scrapes make no chart");
    }

    #[test]
    fn markdown_can_be_pasted_into_an_issue() {
        let text = document(&report()).to_markdown();
        assert!(text.starts_with("### What the store did from 2026-11-24T12:00:00.000Z\n\n2026-11-24"), "{text}");
        for line in
            ["**Over time**", "| Method | Route                            |        p50 |        p95 |        p99 |"]
        {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(text.lines().last().is_some_and(|note| note.starts_with("- The counts differ")), "{text}");
    }

    #[test]
    fn text_begins_with_the_window_and_ends_with_how_to_read_it() {
        let text = document(&report()).to_text(Some(80), false);
        assert!(text.starts_with("2026-11-24T12:00:00.000Z to") && text.contains("\n\nOver time\n"), "{text}");
    }
}
