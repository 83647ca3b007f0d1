//! The charts of an account.

use super::kind::RequestKind;
use super::{Account, SubjectAccount};
use crate::lab::{ConnectionPoint, Measurement};
use crate::loadtest::{distribution, ramp_charts};
use crate::page::{Axis, Bars, Chart, Color, Series};
use crate::run_result::TimelinePoint;
use crate::text;
use crate::units::Language;

/// A chart and the name of its files, which is the same in every language.
pub(super) type NamedChart = (String, Chart);

/// All charts that compare the subjects, in the order of the page.
pub(super) fn all(account: &Account) -> Vec<NamedChart> {
    let mut charts = vec![
        ("failed", failed(account)),
        ("times", times(account)),
        ("distribution", distributed(account)),
        ("connections", connections(account)),
    ];
    if account.measured().any(|(_, shown)| shown.burst.is_some()) {
        charts.push(("orders", written(account)));
    }
    if account.measured().any(|(_, shown)| shown.alone.is_some()) {
        charts.push(("statements", statements(account)));
    }
    charts.into_iter().map(|(name, chart)| (name.to_owned(), chart)).collect()
}

/// The charts of one subject: failures and times by users while they rise, answers over time where the primary was lost, and
/// the database's connections.
pub(super) fn of_subject(subject: &SubjectAccount, language: Language) -> Vec<NamedChart> {
    let Some(shown) = &subject.shown else { return Vec::new() };
    let names = ["failed-by-users", "times-by-users"].into_iter();
    let by_users = names.zip(ramp_charts(&shown.load, language));
    let connections = asleep(shown, language).map(|chart| ("connections", chart));
    let failover = shown.failover.as_ref().map(|_| ("failover", answered(shown, language)));
    let place = subject.subject.file_name();
    by_users.chain(failover).chain(connections).map(|(name, chart)| (format!("{place}-{name}"), chart)).collect()
}

/// The p95 of good answers in milliseconds; None without any.
pub(super) fn p95(shown: &Measurement) -> Option<f64> {
    shown.load.aggregated.good_answers().time(|times| times.p95)
}

/// The share of orders and reports that failed, of each subject.
pub(super) fn failed(account: &Account) -> Chart {
    let share = |kind: RequestKind| move |shown: &Measurement| kind.fail_ratio(shown).map(|ratio| 100.0 * ratio);
    let groups = vec![
        bars(account, RequestKind::Orders.name(), Color::Bad, &share(RequestKind::Orders)),
        bars(account, RequestKind::Reports.name(), Color::Series(1), &share(RequestKind::Reports)),
    ];
    chart(account, text!("Requests that failed, per cent"), groups)
}

fn times(account: &Account) -> Chart {
    let groups = vec![
        bars(account, text!("good answers"), Color::Series(0), &p95),
        bars(account, text!("failed requests"), Color::Bad, &|shown| {
            shown.load.aggregated.failed_requests()?.time(|times| times.p95)
        }),
    ];
    chart(account, text!("95 % of these took no longer, milliseconds"), groups).on_fitting_scale()
}

fn distributed(account: &Account) -> Chart {
    let times = account.measured().map(|(subject, shown)| {
        (subject.name_in(account.language).to_owned(), shown.load.aggregated.histograms.succeeded.clone())
    });
    distribution(times, account.language)
}

/// The orders that each subject accepts per second, as fast as they come.
pub(super) fn written(account: &Account) -> Chart {
    let orders =
        bars(account, RequestKind::Orders.name(), Color::Series(2), &|shown| Some(shown.burst.as_ref()?.orders_per_s));
    chart(account, text!("Orders accepted per second, as fast as they come"), vec![orders]).on_fitting_scale()
}

/// The statements that an order takes, of each subject.
pub(super) fn statements(account: &Account) -> Chart {
    let statements = bars(account, text!("statements"), Color::Series(3), &|shown| {
        Some(shown.alone.as_ref()?.order_statements as f64)
    });
    chart(account, text!("Statements for an order of three products, alone"), vec![statements])
}

/// The open database connections of each rung during the load test, in a panel for each: several rungs use up the same
/// number of connections, and their lines would cover each other.
pub(super) fn connections(account: &Account) -> Chart {
    let watched = account.measured().filter_map(|(subject, shown)| Some((subject, shown.database.as_ref()?)));
    let series = watched.map(|(subject, database)| Series {
        name: subject.name_in(account.language).to_owned(),
        color: Color::Series(0),
        filled: false,
        points: database.timeline.iter().map(|point| (point.at_s, Some(point.open as f64))).collect(),
    });
    let title = account.language.text(text!("Database connections open, of each rung"));
    panels(title, series.collect()).in_language(account.language)
}

/// The share of requests that failed in each second, of each subject, in a panel for each.
pub(super) fn failing(account: &Account) -> Chart {
    let share = |failures: u64, requests: u64| (requests > 0).then(|| 100.0 * failures as f64 / requests as f64);
    let series = account.measured().map(|(subject, shown)| Series {
        name: subject.name_in(account.language).to_owned(),
        color: Color::Bad,
        filled: false,
        points: shown.load.timeline.iter().map(|at| (at.at_s, share(at.failures, at.requests))).collect(),
    });
    let title = account.language.text(text!("Requests of each second that failed, per cent"));
    panels(title, series.collect()).in_language(account.language)
}

/// What the database's connections did during the load test of one rung.
pub(super) fn asleep(shown: &Measurement, language: Language) -> Option<Chart> {
    let timeline = &shown.database.as_ref()?.timeline;
    let line = |name: &'static str, color: Color, value: fn(&ConnectionPoint) -> u64| Series {
        name: language.text(name).to_owned(),
        color,
        filled: false,
        points: timeline.iter().map(|point| (point.at_s, Some(value(point) as f64))).collect(),
    };
    let series = vec![
        line(text!("open"), Color::Series(0), |point| point.open),
        line(text!("asleep"), Color::Series(1), |point| point.asleep),
        line(text!("running a statement"), Color::Bad, |point| point.running),
    ];
    let title = language.text(text!("Database connections"));
    // When all that are open are asleep, one line would cover the other.
    Some(panels(title, series).in_language(language))
}

/// Good answers and failures of each second, which show when a server was lost and when another one took over.
fn answered(shown: &Measurement, language: Language) -> Chart {
    let line = |name: &'static str, color: Color, value: fn(&TimelinePoint) -> u64| Series {
        name: language.text(name).to_owned(),
        color,
        filled: false,
        points: shown
            .load
            .timeline
            .iter()
            .map(|point| (point.at_s, Some(value(point) as f64 / point.window_s)))
            .collect(),
    };
    let series = vec![
        line(text!("good answers"), Color::Series(0), |point| point.requests.saturating_sub(point.failures)),
        line(text!("failed requests"), Color::Bad, |point| point.failures),
    ];
    panels(language.text(text!("Good answers and failures per second")), series).in_language(language)
}

fn panels(title: &str, series: Vec<Series>) -> Chart {
    let last = series.iter().flat_map(|line| &line.points).map(|(at, _)| *at).fold(1.0, f64::max);
    Chart::panels(title, Axis::seconds(last), series)
}

/// Bars with a value for each subject. `name` is in English.
fn bars(account: &Account, name: &'static str, color: Color, value: &dyn Fn(&Measurement) -> Option<f64>) -> Bars {
    let values = account.measured().map(|(_, shown)| value(shown)).collect();
    Bars { name: account.language.text(name).to_owned(), color, values }
}

/// A chart of bars over the names of the subjects. `title` is in English.
fn chart(account: &Account, title: &'static str, groups: Vec<Bars>) -> Chart {
    let names = account.measured().map(|(subject, _)| subject.name_in(account.language).to_owned()).collect();
    Chart::bars(account.language.text(title), names, groups).in_language(account.language)
}
