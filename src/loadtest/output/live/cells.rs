//! Figures as the live view writes them, with a dash where nothing was measured.

use crate::loadtest::collect::Progress;
use crate::stats::Latencies;
use crate::units::{self, Language};

/// What stands where nothing was measured.
const NOTHING: &str = "-";

/// A percentile in milliseconds.
pub(super) fn percentile(times: &Latencies, percent: f64, language: Language) -> String {
    let time = times.percentile(percent).map(units::milliseconds);
    time.map_or_else(|| NOTHING.to_owned(), |time| language.significant(time))
}

/// The number of failures since the start. As long as every request waits, none is known to have succeeded or failed.
pub(super) fn failures(progress: &Progress<'_>, language: Language) -> String {
    match progress.all.requests() {
        0 => NOTHING.to_owned(),
        _ => language.count(progress.all.failed.count()),
    }
}
