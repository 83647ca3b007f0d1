//! Formats single figures of a report.

use std::time::Duration;

use crate::report::{Percentile, Traffic};
use crate::table::Tone;
use crate::units;

/// The text of a cell without a value.
pub(in crate::report) const NOTHING: &str = "-";

/// A difference to the load test above this, in percent, is marked as doubtful.
pub(super) const DOUBTFUL_DIFFERENCE: f64 = 1.0;

/// A percentile in a suitable unit.
pub(in crate::report) fn percentile(percentile: Percentile) -> String {
    match percentile {
        Percentile::Nothing => NOTHING.to_owned(),
        Percentile::Near(seconds) => units::duration(Duration::from_secs_f64(seconds)),
        Percentile::Above(seconds) => format!("> {seconds} s"),
    }
}

/// The share of failed requests, or [`NOTHING`] without requests.
pub(in crate::report) fn fail_share(traffic: &Traffic) -> String {
    if traffic.requests == 0 { NOTHING.to_owned() } else { units::percent(traffic.fail_ratio) }
}

/// Requests per second, as [`rate`].
pub(super) fn per_second(traffic: &Traffic) -> String {
    rate(traffic.requests_per_s)
}

/// A rate per second; from a thousand on without decimals.
pub(in crate::report) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1000.0 => units::count(rate.round() as u64),
        rate => units::significant(rate),
    }
}

/// The tone of a number that should be zero.
pub(super) fn zero_is_good(count: u64) -> Tone {
    if count == 0 { Tone::Plain } else { Tone::Bad }
}

/// A number, or [`NOTHING`] if it is unknown.
pub(super) fn known(count: Option<u64>) -> String {
    count.map_or_else(|| NOTHING.to_owned(), units::count)
}
