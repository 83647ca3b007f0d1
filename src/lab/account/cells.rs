//! Formats values for the cells of tables and for sentences.

use crate::lab::UserLimit;
use crate::run_result::{LatencySummary, OutcomeSummary};
use crate::units;

/// The text of a cell without a value.
pub(super) const NOTHING: &str = "-";

/// Formats milliseconds: whole from ten on, with one decimal below.
pub(super) fn milliseconds(value: f64) -> String {
    if value >= 9.95 { units::count(value.round() as u64) } else { format!("{value:.1}") }
}

/// Formats a response time of the requests with one outcome; [`NOTHING`] if there were none.
pub(super) fn time(of: &OutcomeSummary<'_>, figure: fn(&LatencySummary) -> f64) -> String {
    of.time(figure).map_or_else(|| NOTHING.to_owned(), milliseconds)
}

/// Formats the limit of users, such as `500` or `500 or more`.
pub(super) fn users(limit: &UserLimit) -> String {
    let count = |users: u32| units::count(u64::from(users));
    match (limit.last_good, limit.first_bad) {
        // It was not the store that failed with more users.
        (Some(good), _) if limit.generator_gave_way => format!("{} or more", count(good)),
        (Some(good), Some(_)) => count(good),
        (Some(good), None) => format!("{} or more", count(good)),
        (None, Some(bad)) => format!("fewer than {}", count(bad)),
        (None, None) => NOTHING.to_owned(),
    }
}
