//! The account as one HTML page with charts.

use super::cells::NOTHING;
use super::kind::RequestKind;
use super::{Account, SubjectAccount, SubjectState};
use crate::lab::Measurement;
use crate::loadtest::distribution;
use crate::page::{Axis, Bars, Chart, Color, Fact, Judgement, Page, Series};
use crate::units;

/// Makes the HTML page.
pub(super) fn page(account: &Account) -> String {
    let mut page = Page::new("The ladder: a store from its collapse to its cure");
    page.verdict(judgement(account), &unbroken(&headlines(account)));
    page.facts(&facts(account));
    page.charts(&charts(account));
    for table in account.ladder_tables() {
        page.markup(&table.to_html());
    }
    for (place, subject) in
        account.rungs.iter().enumerate().filter(|(_, subject)| subject.state != SubjectState::Pending)
    {
        page.heading(&subject.title());
        for text in [&subject.change, &subject.question, &subject.setup, &subject.findings.join(" ")] {
            if !text.is_empty() {
                page.paragraph(&unbroken(text));
            }
        }
        for table in account.subject_tables(place) {
            page.markup(&table.to_html());
        }
    }
    page.finish(&account.setting().join(" "))
}

fn judgement(account: &Account) -> Judgement {
    match account {
        account if account.is_generator_limited() => Judgement::Doubtful,
        account if account.is_complete() => Judgement::Good,
        account if account.rungs.iter().any(|subject| subject.state == SubjectState::Broken) => Judgement::Bad,
        _ => Judgement::Open,
    }
}

/// Replaces the space before a percent sign, so that a percentage is never split between two lines.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// The headline of each subject on a line of its own, also of those that are not measured yet.
fn headlines(account: &Account) -> String {
    let line = |subject: &SubjectAccount| match subject.state {
        SubjectState::Pending => format!("{}: not measured yet.", subject.title()),
        SubjectState::Measured | SubjectState::Broken => format!("{}. {}", subject.title(), subject.headline),
    };
    account.rungs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// All subjects that were measured, with the measurement that is shown.
fn measured(account: &Account) -> impl Iterator<Item = (&SubjectAccount, &Measurement)> {
    account.rungs.iter().filter_map(|subject| Some((subject, subject.shown.as_ref()?)))
}

/// The most important figures of the first and of the last rung.
fn facts(account: &Account) -> Vec<Fact> {
    let rungs: Vec<_> = measured(account).filter(|(subject, _)| subject.rung.is_some()).collect();
    let ends = match rungs.as_slice() {
        [] => return Vec::new(),
        [only] => vec![only],
        [first, .., last] => vec![first, last],
    };
    let fact = |(subject, shown): &(&SubjectAccount, &Measurement)| {
        let failed = shown.load.fail_ratio.map_or_else(|| NOTHING.to_owned(), units::percent);
        let mut facts = vec![
            Fact::new(format!("failed, {}", subject.name), failed).bad_if(shown.load.failures > 0),
            Fact::new(
                format!("p95 of good answers, {}", subject.name),
                p95(shown).map_or_else(|| "-".to_owned(), |p95| format!("{} ms", units::significant(p95))),
            ),
        ];
        facts.extend(shown.burst.as_ref().map(|burst| {
            Fact::new(format!("orders/s at most, {}", subject.name), units::significant(burst.orders_per_s))
        }));
        facts
    };
    ends.into_iter().flat_map(fact).collect()
}

/// The p95 of good answers in milliseconds; None without any.
fn p95(shown: &Measurement) -> Option<f64> {
    shown.load.aggregated.good_answers().time(|times| times.p95)
}

fn charts(account: &Account) -> Vec<Chart> {
    let names: Vec<_> = measured(account).map(|(subject, _)| subject.name.clone()).collect();
    let bars = |name: &str, color: Color, value: &dyn Fn(&Measurement) -> Option<f64>| Bars {
        name: name.to_owned(),
        color,
        values: measured(account).map(|(_, shown)| value(shown)).collect(),
    };
    let share = |kind: RequestKind| move |shown: &Measurement| kind.fail_ratio(shown).map(|ratio| 100.0 * ratio);
    let failed = vec![
        bars("orders", Color::Bad, &share(RequestKind::Orders)),
        bars("reports", Color::Series(1), &share(RequestKind::Reports)),
    ];
    let times = vec![
        bars("good answers", Color::Series(0), &p95),
        bars("failed requests", Color::Bad, &|shown| shown.load.aggregated.failed_requests()?.time(|times| times.p95)),
    ];
    let orders = vec![bars("orders", Color::Series(2), &|shown| Some(shown.burst.as_ref()?.orders_per_s))];
    let statements =
        vec![bars("statements", Color::Series(3), &|shown| Some(shown.alone.as_ref()?.order_statements as f64))];
    let distributed = measured(account)
        .map(|(subject, shown)| (subject.name.clone(), shown.load.aggregated.histograms.succeeded.clone()));
    let mut charts = vec![
        Chart::bars("Requests that failed, per cent", names.clone(), failed),
        Chart::bars("95 % of these took no longer, milliseconds", names.clone(), times).on_fitting_scale(),
        distribution(distributed),
        connections(account),
    ];
    if measured(account).any(|(_, shown)| shown.burst.is_some()) {
        charts.push(Chart::bars("Orders accepted per second, as fast as they come", names.clone(), orders));
    }
    if measured(account).any(|(_, shown)| shown.alone.is_some()) {
        charts.push(Chart::bars("Statements for an order of three products, alone", names, statements));
    }
    charts
}

/// The chart of open database connections during the load test.
fn connections(account: &Account) -> Chart {
    let colors = (0..Color::SERIES).map(Color::Series);
    let watched = measured(account).filter_map(|(subject, shown)| Some((subject, shown.database.as_ref()?)));
    let series: Vec<_> = watched
        .zip(colors)
        .map(|((subject, database), color)| Series {
            name: subject.name.clone(),
            color,
            filled: false,
            points: database.timeline.iter().map(|point| (point.at_s, Some(point.open as f64))).collect(),
        })
        .collect();
    let last = series.iter().flat_map(|line| &line.points).map(|(at, _)| *at).fold(1.0, f64::max);
    Chart::lines("Database connections open", Axis::seconds(last), series)
}
