//! How values stand in the cells of tables, and in sentences.

use crate::lab::UserLimit;
use crate::units;

/// What stands where there is nothing to show.
pub(super) const NOTHING: &str = "-";

/// Milliseconds: whole from ten on, one decimal below.
pub(super) fn milliseconds(value: f64) -> String {
    if value >= 9.95 { units::count(value.round() as u64) } else { format!("{value:.1}") }
}

/// A limit in a cell.
pub(super) fn users(limit: &UserLimit) -> String {
    let count = |users: u32| units::count(u64::from(users));
    match (limit.last_good, limit.first_bad) {
        // What gave way beyond was not the store.
        (Some(good), _) if limit.generator_gave_way => format!("{} or more", count(good)),
        (Some(good), Some(_)) => count(good),
        (Some(good), None) => format!("{} or more", count(good)),
        (None, Some(bad)) => format!("fewer than {}", count(bad)),
        (None, None) => NOTHING.to_owned(),
    }
}
