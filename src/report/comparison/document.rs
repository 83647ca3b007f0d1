//! The document that compares two reports.

use std::time::Duration;

use super::figure::{Better, Figure, Section, Unit};
use super::run_comparison::RunComparison;
use crate::page::{Bars, Chart, Color, Fact, Judgement};
use crate::report::Report;
use crate::report::document::Document;
use crate::report::tables::{NOTHING, fail_share, percentile, rate};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// A change is coloured if it is greater than this, in percent.
const NOTICEABLE_PERCENT: f64 = 10.0;

/// Makes the document of a comparison, in this language. The names are those of the two runs, for the heading.
pub fn comparison_document(comparison: &RunComparison, [first, second]: [&str; 2], language: Language) -> Document {
    let line = |side: &'static str, name: &str, report: &Report| {
        let window = &report.window;
        let length = language.number(&units::duration(Duration::from_secs_f64(window.duration_s)));
        format!("{}{} {name}, {} ({length})", language.text(side), language.colon(), window.started_at)
    };
    let mut heading =
        vec![line(text!("Before"), first, &comparison.before), line(text!("After"), second, &comparison.after)];
    if !comparison.comparable {
        let reasons = language.retold_all(&comparison.reservations).join(" ");
        heading.push(say!(language, "The two cannot be compared. {reasons}", reasons));
    }
    let sections = [Section::Requests, Section::Failures, Section::Saturation, Section::Cache, Section::Processes];
    let tables = sections.map(|section| table(comparison, section, language));
    Document {
        language,
        title: say!(language, "{first} and {second} compared", first, second),
        heading: heading.join("\n"),
        judgement: if comparison.comparable { Judgement::Open } else { Judgement::Bad },
        facts: facts(comparison, language),
        at_a_glance: None,
        charts: charts(comparison, language),
        tables: tables.into_iter().filter(|table| !table.is_empty()).collect(),
        notes: notes(comparison, language),
    }
}

/// A rise of at least this, in percent, is written as a factor.
const MANIFOLD_PERCENT: f64 = 1_000.0;

fn facts(comparison: &RunComparison, language: Language) -> Vec<Fact> {
    let (before, after) = (&comparison.before.total, &comparison.after.total);
    let both = |name: &'static str, before: String, after: String| {
        Fact::new(language.text(name), language.number(&format!("{before} → {after}")))
    };
    vec![
        both(text!("failed"), fail_share(before), fail_share(after)).bad_if(after.failures > 0),
        both(text!("requests/s"), rate(before.requests_per_s), rate(after.requests_per_s)),
        both(text!("p50"), percentile(before.latency_ms.p50), percentile(after.latency_ms.p50)),
        both(text!("p95"), percentile(before.latency_ms.p95), percentile(after.latency_ms.p95)),
    ]
}

/// The charts: the share of failed requests and the 95th percentile by route, before and after.
fn charts(comparison: &RunComparison, language: Language) -> Vec<Chart> {
    let chart = |title: &'static str, name: &str, scale: f64| {
        let rows: Vec<&Figure> = comparison
            .figures
            .iter()
            .filter(|figure| figure.section == Section::Requests && figure.figure == name)
            .collect();
        let bars = |name: &'static str, color, side: fn(&Figure) -> Option<f64>| Bars {
            name: language.text(name).to_owned(),
            color,
            values: rows.iter().map(|figure| side(figure).map(|value| value * scale)).collect(),
        };
        let groups = vec![
            bars(text!("before"), Color::Series(1), |figure| figure.before),
            bars(text!("after"), Color::Series(0), |figure| figure.after),
        ];
        Chart::bars(language.text(title), rows.iter().map(|figure| figure.group.replace('/', " /")).collect(), groups)
    };
    vec![
        chart(text!("Failed, percent of the requests"), "failed", 100.0),
        chart(text!("95th percentile, milliseconds"), "p95", 1.0).on_fitting_scale(),
    ]
}

fn notes(comparison: &RunComparison, language: Language) -> Vec<String> {
    let of_side = |side: &'static str, remarks: &[String]| {
        let side = format!("{}{}", language.text(side), language.colon());
        language.retold_all(remarks).iter().map(|remark| format!("{side} {remark}")).collect::<Vec<_>>()
    };
    let mut notes = of_side(text!("Before"), &comparison.before.remarks);
    notes.extend(of_side(text!("After"), &comparison.after.remarks));
    let how_to_read = [
        text!(
            "One run on each side cannot tell a difference from the noise between runs: `loadtest --baseline` with several \
             runs can."
        ),
        text!(
            "Failed: answered with 5xx. Percentiles are measured in the server; beyond the last bucket of 60 s, its bound \
             stands."
        ),
    ];
    notes.extend(how_to_read.map(|note| language.text(note).to_owned()));
    notes
}

fn table(comparison: &RunComparison, section: Section, language: Language) -> Table {
    let (title, of) = match section {
        Section::Requests => (text!("Requests"), text!("Route")),
        Section::Failures => (text!("Rejected and failed, by reason"), text!("Reason")),
        Section::Saturation => (text!("Saturation"), ""),
        Section::Cache => (text!("Report cache"), text!("Cache")),
        Section::Processes => (text!("Processor and memory"), ""),
    };
    let columns = [
        (of, Left),
        (text!("Figure"), Left),
        (text!("Before"), Right),
        (text!("After"), Right),
        (text!("Change"), Right),
    ];
    // Without groups, the first column would be empty.
    let columns = if of.is_empty() { &columns[1..] } else { &columns[..] };
    let mut table = Table::new(title, columns);
    let mut last = "";
    for figure in comparison.figures.iter().filter(|figure| figure.section == section) {
        let tone = tone(figure);
        let group = if figure.group == last { "" } else { &figure.group };
        last = &figure.group;
        let group = (!of.is_empty()).then(|| (group.to_owned(), Tone::Plain));
        let written = |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |value| value_text(figure, value));
        let cells = [
            (language.text(name(figure)).to_owned(), Tone::Plain),
            (written(figure.before), Tone::Plain),
            (written(figure.after), Tone::Plain),
            (change(figure), tone),
        ];
        table.toned_row(group.into_iter().chain(cells));
    }
    table.in_language(language)
}

/// The name of a figure in tables. In JSON it is what it was before "refused" was said of connections alone.
fn name(figure: &Figure) -> &'static str {
    match figure.figure {
        "refused" => text!("rejected"),
        other => other,
    }
}

fn value_text(figure: &Figure, value: f64) -> String {
    match figure.format.unit {
        Unit::Count => units::count(value.round() as u64),
        Unit::Share => units::percent(value),
        Unit::Rate => rate(value),
        Unit::Milliseconds => units::duration(Duration::from_secs_f64(value / 1000.0)),
        Unit::Number => units::significant(value),
        Unit::Bytes => units::bytes(value as u64),
    }
}

/// The text for a change: percentage points for shares, otherwise percent of the first value.
fn change(figure: &Figure) -> String {
    match (figure.before, figure.after) {
        (Some(before), Some(after)) if figure.format.unit == Unit::Share => {
            format!("{:+.2} pp", (after - before) * 100.0)
        }
        _ => match figure.change_percent {
            None => NOTHING.to_owned(),
            Some(percent) if percent >= MANIFOLD_PERCENT => {
                format!("×{}", units::significant_short(1.0 + percent / 100.0))
            }
            Some(percent) => format!("{percent:+.1} %"),
        },
    }
}

fn tone(figure: &Figure) -> Tone {
    let (Some(before), Some(after)) = (figure.before, figure.after) else { return Tone::Plain };
    let noticeable = match figure.format.unit {
        Unit::Share => (after - before).abs() > 0.000_1,
        _ => {
            figure.change_percent.is_none_or(|percent| percent.abs() > NOTICEABLE_PERCENT)
                && (before - after).abs() > 0.0
        }
    };
    match figure.format.better {
        Better::Higher if noticeable => {
            if after > before {
                Tone::Good
            } else {
                Tone::Bad
            }
        }
        Better::Lower if noticeable => {
            if after < before {
                Tone::Good
            } else {
                Tone::Bad
            }
        }
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::report::tables::tests::report;
    use crate::report::{Count, Percentile, Report};
    use crate::run_result::RecordedRun;

    fn comparison(first: &str, second: &str) -> RunComparison {
        let mut before = report();
        before.routes.remove(1);
        let mut after = Report { failure_groups: Vec::new(), ..report() };
        for traffic in after.routes.iter_mut().map(|route| &mut route.traffic).chain([&mut after.total]) {
            (traffic.failures, traffic.fail_ratio) = (0, 0.0);
            traffic.latency_ms.p95 = Percentile::Near(0.042);
        }
        after.database_errors = vec![Count { name: "lost".into(), count: 0 }];
        after.connections.pool_size = None;
        let run = |conditions| {
            let (start, end) = (SystemTime::UNIX_EPOCH, SystemTime::now());
            RecordedRun {
                conditions: serde_json::from_str(conditions).unwrap(),
                ..RecordedRun::counted(start, end, 0, 0)
            }
        };
        RunComparison::of((before, &run(first)), (after, &run(second)))
    }

    #[test]
    fn two_reports_stand_side_by_side() {
        let alike = comparison("{}", "{}");
        let text = comparison_document(&alike, ["before.json", "after.json"], Language::English).to_text(None, false);
        assert!(
            text.lines().take_while(|line| !line.starts_with('*')).all(|line| line.chars().count() <= 100),
            "{text}"
        );
        insta::assert_snapshot!(text, @"
        Before: before.json, 2026-11-24T12:00:00.000Z (60.0 s)
        After: after.json, 2026-11-24T12:00:00.000Z (60.0 s)

        Requests
         Route                                 Figure         Before      After    Change
        ──────────────────────────────────────────────────────────────────────────────────
         POST /orders                          requests    1,234,567  1,234,567    +0.0 %
                                               failed         1.02 %     0.00 %  -1.02 pp
                                               rejected           41         41    +0.0 %
                                               requests/s     20,576     20,576    +0.0 %
                                               p50            250 ms     250 ms    +0.0 %
                                               p95            31.5 s    42.0 ms   -99.9 %
                                               p99            60.0 s     60.0 s    +0.0 %
         GET /orders/reports/highest-spenders  requests            -     11,454         -
                                               failed              -     0.00 %         -
                                               rejected            -          0         -
                                               requests/s          -        191         -
                                               p50                 -    1.23 ms         -
                                               p95                 -    42.0 ms         -
                                               p99                 -     750 ms         -
         Aggregated                            requests    1,246,021  1,246,021    +0.0 %
                                               failed         1.01 %     0.00 %  -1.01 pp
                                               rejected           41         41    +0.0 %
                                               requests/s     20,767     20,767    +0.0 %
                                               p50            250 ms     250 ms    +0.0 %
                                               p95            31.5 s    42.0 ms   -99.9 %
                                               p99            60.0 s     60.0 s    +0.0 %

        Rejected and failed, by reason
         Reason                                 Figure    Before  After    Change
        ──────────────────────────────────────────────────────────────────────────
         POST /orders 409 insufficient_stock    requests      40      0  -100.0 %
         POST /orders 422 unknown_product       requests       1      0  -100.0 %
         POST /orders 503                       requests     255      0  -100.0 %
         POST /orders 503 database_unavailable  requests  12,345      0  -100.0 %

        Saturation
         Figure                      Before    After    Change
        ───────────────────────────────────────────────────────
         requests in flight, peak       149      149    +0.0 %
         orders waiting, peak            96       96    +0.0 %
         connections, peak               40       40    +0.0 %
         connections in use, peak        36       36    +0.0 %
         pools                           40        -         -
         max_connections                151      151    +0.0 %
         wait in the queue, p95     12.5 ms  12.5 ms    +0.0 %
         commit, p95                12.5 ms  12.5 ms    +0.0 %
         orders in one transaction     30.5     30.5    +0.0 %
         orders written/s            20,365   20,365    +0.0 %
         database errors             12,600        0  -100.0 %

        Report cache
         Cache         Figure           Before    After    Change
        ──────────────────────────────────────────────────────────
         best_sellers  look-ups            100      100    +0.0 %
                       from the cache  96.00 %  96.00 %  +0.00 pp
         unused        look-ups              0        0         -

        Processor and memory
         Figure          Before     After  Change
        ──────────────────────────────────────────
         instances            2         2  +0.0 %
         processors        0.71      0.71  +0.0 %
         memory, peak  19.0 MiB  19.0 MiB  +0.0 %

        * Before: 127.0.0.1:40002 was not scraped after the end of the run: its last requests may be missing.
        * After: 127.0.0.1:40002 was not scraped after the end of the run: its last requests may be missing.
        * One run on each side cannot tell a difference from the noise between runs: `loadtest --baseline` with several runs can.
        * Failed: answered with 5xx. Percentiles are measured in the server; beyond the last bucket of 60 s, its bound stands.
        ");
    }

    #[test]
    fn runs_that_cannot_be_compared_are_told_first() {
        let other = comparison(r#"{"users":10}"#, r#"{"users":150}"#);
        let document = comparison_document(&other, ["a", "b"], Language::English);
        let third = document.to_text(None, false).lines().nth(2).map(str::to_owned);
        let expected = "The two cannot be compared. Another number of users: 10 before, 150 after.";
        assert_eq!(third.as_deref(), Some(expected));
        assert!(document.to_html().contains("verdict bad") && !other.comparable);
    }
}
