//! What happened at how many users, in a run whose number of users rises.
//!
//! The seconds of a run are put together by their number of users, in bands of equal width. While users rise, one band takes a
//! second or a few: what a service remembers from the seconds before counts against it, and a failure may come late. A
//! search (`--find-limit`) holds each load until that has shown itself.

use crate::page::{Axis, Chart, Color, Series};
use crate::run_result::{RunResult, TimelinePoint};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// How many bands the users are put into.
const BANDS: usize = 8;

/// With fewer bands than this, users did not rise.
const FEWEST_BANDS: usize = 3;

/// The seconds with about the same number of users.
#[derive(Debug, PartialEq)]
struct Band {
    least_users: usize,
    most_users: usize,
    seconds: f64,
    requests: u64,
    failures: u64,
    /// The mean of the 95th percentiles of good answers of these seconds, in milliseconds: each counts as often as it has
    /// answers, so that it does not matter how long a window is or how many a band has. The longest one would be the longer
    /// the more windows there are.
    p95_ms: Option<f64>,
}

impl Band {
    fn of(points: &[&TimelinePoint]) -> Option<Self> {
        let good = |point: &TimelinePoint| point.requests.saturating_sub(point.failures) as f64;
        let measured = || points.iter().filter_map(|point| Some((good(point), point.succeeded_latency_ms?.p95)));
        let answers: f64 = measured().map(|(good, _)| good).sum();
        let p95_ms = (answers > 0.0).then(|| measured().map(|(good, p95)| good * p95).sum::<f64>() / answers);
        Some(Self {
            least_users: points.iter().map(|point| point.users).min()?,
            most_users: points.iter().map(|point| point.users).max()?,
            seconds: points.iter().map(|point| point.window_s).sum(),
            requests: points.iter().map(|point| point.requests).sum(),
            failures: points.iter().map(|point| point.failures).sum(),
            p95_ms,
        })
    }

    fn fail_ratio(&self) -> Option<f64> {
        (self.requests > 0).then(|| units::ratio(self.failures, self.requests))
    }
}

/// The bands of a run, with rising users; none if the number of users did not change, or was not the load.
fn bands(summary: &RunResult) -> Vec<Band> {
    let most = summary.timeline.iter().map(|point| point.users).max().unwrap_or_default();
    if summary.rate.is_some() || most < FEWEST_BANDS {
        return Vec::new();
    }
    // Users who leave at the end are no ramp: seconds after the last one with all users are left out.
    let last = summary.timeline.iter().rposition(|point| point.users == most).unwrap_or_default();
    let rising = &summary.timeline[..=last];
    let width = most.div_ceil(BANDS);
    let of_band = |band: usize| {
        let within = |point: &&TimelinePoint| point.users > band * width && point.users <= (band + 1) * width;
        Band::of(&rising.iter().filter(within).collect::<Vec<_>>())
    };
    let bands: Vec<_> = (0..BANDS).filter_map(of_band).collect();
    if bands.len() < FEWEST_BANDS { Vec::new() } else { bands }
}

/// The table of failures and times by users, in this language; `None` if the number of users did not rise.
pub fn ramp_table(summary: &RunResult, language: Language) -> Option<Table> {
    table(summary, language).map(|table| table.in_language(language))
}

/// The table, whose title, columns and numbers are in English.
pub(super) fn table(summary: &RunResult, language: Language) -> Option<Table> {
    let bands = bands(summary);
    let columns = [
        (text!("Users"), Align::Right),
        (text!("Seconds"), Align::Right),
        (text!("# reqs"), Align::Right),
        (text!("# fails"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("good p95 ms"), Align::Right),
    ];
    let mut table = Table::new(text!("While users rise: failures, and the mean p95 of their seconds"), &columns);
    for band in &bands {
        let [least, most] = [band.least_users, band.most_users].map(|users| units::count(users as u64));
        let users = if least == most { least } else { say!(language, "{least} to {most}", least, most) };
        let tone = if band.failures > 0 { Tone::Bad } else { Tone::Plain };
        table.toned_row([
            (users, Tone::Plain),
            (format!("{:.0}", band.seconds), Tone::Plain),
            (units::count(band.requests), Tone::Plain),
            (super::statistics::dashed((band.requests > 0).then_some(band.failures), units::count), tone),
            (super::statistics::dashed(band.fail_ratio(), units::percent), tone),
            (super::statistics::dashed(band.p95_ms, units::significant), Tone::Plain),
        ]);
    }
    (!bands.is_empty()).then_some(table)
}

/// The same as charts over the number of users; none if it did not rise.
pub fn ramp_charts(summary: &RunResult, language: Language) -> Vec<Chart> {
    let bands = bands(summary);
    let Some(most) = bands.last().map(|band| band.most_users as f64) else { return Vec::new() };
    let line = |name: &str, color, value: &dyn Fn(&Band) -> Option<f64>| Series {
        name: name.to_owned(),
        color,
        filled: false,
        points: bands.iter().map(|band| (band.most_users as f64, value(band))).collect(),
    };
    let failed = line(language.text(text!("failed")), Color::Bad, &|band| Some(100.0 * band.fail_ratio()?));
    let times = line(language.text(text!("p95")), Color::Series(1), &|band| band.p95_ms);
    vec![
        Chart::lines(
            language.text(text!("Requests that failed by number of users, per cent")),
            Axis::numbers(0.0, most),
            vec![failed],
        ),
        Chart::lines(
            language.text(text!("Mean p95 of good answers in seconds by number of users, milliseconds")),
            Axis::numbers(0.0, most),
            vec![times],
        )
        .on_fitting_scale(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{PointLatency, example_run};

    fn point(at_s: f64, users: usize, failures: u64, p95: f64) -> TimelinePoint {
        TimelinePoint {
            at_s,
            window_s: 1.0,
            users,
            requests: 10,
            failures,
            latency_ms: None,
            succeeded_latency_ms: (failures < 10).then_some(PointLatency { p50: 1.0, p95, p99: p95, max: p95 }),
            failed_latency_ms: None,
            cpu_cores: 0.1,
            standstill_s: 0.0,
        }
    }

    fn rising(users: &[usize]) -> RunResult {
        let failures = |users: usize| if users > 100 { 10 } else { u64::from(users > 60) };
        let points =
            users.iter().zip(1..).map(|(users, at)| point(f64::from(at), *users, failures(*users), *users as f64));
        RunResult { timeline: points.collect(), rate: None, ..example_run() }
    }

    #[test]
    fn failures_and_times_stand_against_users() {
        let run = rising(&[20, 40, 50, 80, 120, 160, 160]);
        insta::assert_snapshot!(ramp_table(&run, Language::English).unwrap().to_markdown(), @"
        **While users rise: failures, and the mean p95 of their seconds**

        | Users | Seconds | # reqs | # fails |   Failed | good p95 ms |
        | ----: | ------: | -----: | ------: | -------: | ----------: |
        |    20 |       1 |     10 |       0 |   0.00 % |        20.0 |
        |    40 |       1 |     10 |       0 |   0.00 % |        40.0 |
        |    50 |       1 |     10 |       0 |   0.00 % |        50.0 |
        |    80 |       1 |     10 |       1 |  10.00 % |        80.0 |
        |   120 |       1 |     10 |      10 | 100.00 % |           - |
        |   160 |       2 |     20 |      20 | 100.00 % |           - |
        ");
        assert_eq!(ramp_charts(&run, Language::English).len(), 2);
    }

    #[test]
    fn it_does_not_matter_how_a_band_is_cut_into_windows() {
        let window = |window_s, requests, p95| TimelinePoint { window_s, requests, ..point(1.0, 20, 0, p95) };
        let p95 = |points: &[TimelinePoint]| Band::of(&points.iter().collect::<Vec<_>>()).unwrap().p95_ms.unwrap();
        let (quick, slow) = (window(1.0, 30, 100.0), window(1.0, 10, 300.0));
        // A short window with few answers does not decide, and more windows are not slower by themselves.
        assert!((p95(&[quick.clone(), slow.clone()]) - 150.0).abs() < 1e-9);
        let twice = [quick.clone(), slow.clone(), quick.clone(), slow.clone()];
        assert!((p95(&twice) - 150.0).abs() < 1e-9);
        let long = window(2.0, 60, 100.0);
        assert!((p95(&[long, slow.clone(), slow]) - 150.0).abs() < 1e-9);
        let silent = TimelinePoint { requests: 0, succeeded_latency_ms: None, ..quick.clone() };
        assert!((p95(&[quick, silent]) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn users_who_leave_at_the_end_are_no_ramp() {
        assert_eq!(bands(&rising(&[20, 50, 80, 160, 160, 137, 4])), bands(&rising(&[20, 50, 80, 160, 160])));
    }

    #[test]
    fn where_users_do_not_rise_there_is_nothing_to_tell() {
        assert!(
            ramp_table(&rising(&[150, 150, 150]), Language::English).is_none()
                && ramp_charts(&rising(&[1, 1]), Language::English).is_empty()
        );
        assert!(ramp_table(&rising(&[]), Language::English).is_none());
    }
}
