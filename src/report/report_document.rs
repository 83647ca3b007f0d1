//! The document of a report: the most important figures, the charts over time and the tables.

use super::document::Document;
use super::tables::{fail_share, heading, notes, over_time, percentile, rate, tables};
use super::{Report, StateLine, Timeline};
use crate::page::{Axis, Chart, Color, Fact, Judgement, Series};
use crate::units::{self, Language};
use crate::{say, text};

/// Makes the document of a report, in this language.
pub fn document(report: &Report, language: Language) -> Document {
    Document {
        language,
        title: say!(language, "What the store did from {start}", start = report.window.started_at),
        heading: heading(report, language),
        judgement: judgement(report),
        facts: facts(report, language),
        at_a_glance: Some(over_time(report, language)).filter(|table| !table.is_empty()),
        charts: charts(report, language),
        tables: tables(report, language),
        notes: notes(report, language),
    }
}

fn judgement(report: &Report) -> Judgement {
    match (report.total.requests, report.total.failures) {
        (0, _) => Judgement::Open,
        (_, 0) => Judgement::Good,
        _ => Judgement::Bad,
    }
}

fn facts(report: &Report, language: Language) -> Vec<Fact> {
    let total = &report.total;
    let fact = |name: &'static str, value: String| Fact::new(language.text(name), language.number(&value));
    let mut facts = vec![
        fact(text!("requests"), units::count(total.requests)),
        fact(text!("failed"), fail_share(total)).bad_if(total.failures > 0),
        fact(text!("rejected"), units::count(total.refusals)),
        fact(text!("requests/s"), rate(total.requests_per_s)),
        fact(text!("p50"), percentile(total.latency_ms.p50)),
        fact(text!("p95"), percentile(total.latency_ms.p95)),
        fact(text!("p99"), percentile(total.latency_ms.p99)),
    ];
    if let Some(open) = &report.connections.total {
        let limit = report.connections.max_connections;
        let peak = language.count(open.peak);
        let shown = limit.map(|limit| say!(language, "{open} of {most}", open = &peak, most = language.count(limit)));
        let full = limit.is_some_and(|limit| open.peak >= limit);
        facts.push(Fact::new(language.text(text!("connections")), shown.unwrap_or(peak)).bad_if(full));
    }
    facts
}

/// The charts: requests and failures, percentiles by route, connections by state, queues. Empty if there were too few
/// scrapes.
fn charts(report: &Report, language: Language) -> Vec<Chart> {
    let timeline = &report.timeline;
    if timeline.at_s.is_empty() {
        return Vec::new();
    }
    let axis = Axis::seconds(report.window.duration_s);
    let rates = vec![
        line(
            timeline,
            language.text(text!("requests")),
            Color::Series(0),
            true,
            timeline.requests_per_s.iter().copied().map(Some),
        ),
        line(
            timeline,
            language.text(text!("failures")),
            Color::Bad,
            false,
            timeline.failures_per_s.iter().copied().map(Some),
        ),
    ];
    let by_route = timeline.routes.iter().take(usize::from(Color::SERIES)).zip(0..).map(|(route, place)| {
        let name = format!("{} {}", route.method, route.route);
        line(timeline, &name, Color::Series(place), false, route.p95_ms.iter().copied())
    });
    let states = timeline.connections.iter().zip(0..);
    let of_state = |(state, place): (&StateLine, u8)| {
        line(timeline, &state.state, Color::Series(place), false, state.open.iter().copied())
    };
    // A state often has nearly all connections, so that its line would cover that of the total.
    let all =
        line(timeline, language.text(text!("all")), Color::Text, false, timeline.connections_total.iter().copied());
    let by_state = std::iter::once(all).chain(states.map(of_state)).collect();
    let waiting = vec![
        line(
            timeline,
            language.text(text!("orders waiting")),
            Color::Series(1),
            true,
            timeline.order_queue_depth.iter().copied(),
        ),
        line(
            timeline,
            language.text(text!("requests in flight")),
            Color::Series(0),
            false,
            timeline.requests_in_flight.iter().copied(),
        ),
    ];
    vec![
        Chart::lines(language.text(text!("Requests and failures per second")), axis, rates),
        Chart::lines(language.text(text!("95th percentile by route, milliseconds")), axis, by_route.collect())
            .on_fitting_scale(),
        Chart::panels(language.text(text!("Database connections by state")), axis, by_state),
        Chart::lines(
            language.text(text!("Orders waiting and requests in flight, the most at one time")),
            axis,
            waiting,
        ),
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
        let page = document(&report(), Language::English).to_html();
        assert_eq!(page.matches("<svg role=\"img\"").count(), 4);
        for text in [
            "Rejected and failed, by reason",
            "40 of 151",
            "insufficient_stock",
            "class=\"verdict bad\"",
            "POST /orders",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("<script") && !page.contains('▁'), "a page has charts and no lines of text");
        let few = Report { timeline: Timeline::default(), ..report() };
        assert!(!document(&few, Language::English).to_html().contains("<figure"), "too few scrapes make no chart");
    }

    #[test]
    fn markdown_can_be_pasted_into_an_issue() {
        let text = document(&report(), Language::English).to_markdown();
        assert!(text.starts_with("### What the store did from 2026-11-24T12:00:00.000Z\n\n2026-11-24"), "{text}");
        for line in
            ["**Over time**", "| Method | Route                            |        p50 |        p95 |        p99 |"]
        {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(text.lines().last().is_some_and(|note| note.starts_with("- The counts differ")), "{text}");
    }

    #[test]
    fn in_french_the_numbers_are_french_too_and_addresses_stay() {
        let text = document(&report(), Language::French).to_text(None, false);
        for part in ["1\u{202f}234\u{202f}567", "1,02\u{202f}%", "Requêtes", "127.0.0.1:40001", "insufficient_stock"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(document(&report(), Language::French).to_html().contains("<html lang=\"fr\">"));
    }

    #[test]
    fn text_begins_with_the_window_and_ends_with_how_to_read_it() {
        let text = document(&report(), Language::English).to_text(Some(80), false);
        assert!(text.starts_with("2026-11-24T12:00:00.000Z to") && text.contains("\n\nOver time\n"), "{text}");
    }
}
