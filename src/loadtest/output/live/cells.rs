//! Figures as the live view writes them, with a dash where nothing was measured.

use crate::loadtest::collect::Progress;
use crate::stats::Latencies;
use crate::units;

/// What stands where nothing was measured.
const NOTHING: &str = "-";

/// A percentile in milliseconds.
pub(super) fn percentile(times: &Latencies, percent: f64) -> String {
    let time = times.percentile(percent).map(units::milliseconds);
    time.map_or_else(|| NOTHING.to_owned(), units::significant)
}

/// The number of failures since the start. As long as every request waits, none is known to have succeeded or failed.
pub(super) fn failures(progress: &Progress<'_>) -> String {
    match progress.all.requests() {
        0 => NOTHING.to_owned(),
        _ => units::count(progress.all.failed.count()),
    }
}
