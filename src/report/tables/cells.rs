//! How single figures of a report are written.

use std::time::Duration;

use crate::report::{Percentile, Traffic};
use crate::table::Tone;
use crate::units;

/// What stands where there is nothing to show.
pub(in crate::report) const NOTHING: &str = "-";

/// From which difference to the load test on, in percent, a reader should ask why.
pub(super) const DOUBTFUL_DIFFERENCE: f64 = 1.0;

/// A percentile in the unit that reads best.
pub(in crate::report) fn percentile(percentile: Percentile) -> String {
    match percentile {
        Percentile::Nothing => NOTHING.to_owned(),
        Percentile::Near(seconds) => units::duration(Duration::from_secs_f64(seconds)),
        Percentile::Above(seconds) => format!("> {seconds} s"),
    }
}

/// A share of the requests that failed, if there were any.
pub(in crate::report) fn fail_share(traffic: &Traffic) -> String {
    if traffic.requests == 0 { NOTHING.to_owned() } else { units::percent(traffic.fail_ratio) }
}

/// Requests per second; from a thousand on nobody reads decimals.
pub(super) fn per_second(traffic: &Traffic) -> String {
    rate(traffic.requests_per_s)
}

/// So many per second.
pub(in crate::report) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1000.0 => units::count(rate.round() as u64),
        rate => units::significant(rate),
    }
}

/// How a number that should be zero is to be seen.
pub(super) fn zero_is_good(count: u64) -> Tone {
    if count == 0 { Tone::Plain } else { Tone::Bad }
}

/// A number that may be unknown.
pub(super) fn known(count: Option<u64>) -> String {
    count.map_or_else(|| NOTHING.to_owned(), units::count)
}
