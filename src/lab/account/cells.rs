//! Formats values for the cells of tables and for sentences.

use crate::lab::UserLimit;
use crate::run_result::{LatencySummary, OutcomeSummary};
use crate::say;
use crate::units::Language;

/// The text of a cell without a value.
pub(super) const NOTHING: &str = "-";

/// What could not be measured and why, one sentence each.
pub(super) fn not_measured(remarks: &[String], language: Language) -> Vec<String> {
    let said = |remark: &String| say!(language, "Not measured: {remark}.", remark = language.retold(remark));
    remarks.iter().map(said).collect()
}

/// Formats milliseconds: whole from ten on, with one decimal below.
pub(super) fn milliseconds(value: f64, language: Language) -> String {
    if value >= 9.95 { language.count(value.round() as u64) } else { language.decimals(value, 1) }
}

/// Formats a response time of the requests with one outcome; [`NOTHING`] if there were none.
pub(super) fn time(of: &OutcomeSummary<'_>, figure: fn(&LatencySummary) -> f64, language: Language) -> String {
    of.time(figure).map_or_else(|| NOTHING.to_owned(), |time| milliseconds(time, language))
}

/// Formats the limit of users, such as `500` or `500 or more`.
pub(super) fn users(limit: &UserLimit, language: Language) -> String {
    let count = |users: u32| language.count(u64::from(users));
    match (limit.last_good, limit.first_bad) {
        (Some(good), Some(_)) if !limit.generator_gave_way => count(good),
        // It was not the store that failed with more users.
        (Some(good), _) => say!(language, "{users} or more", users = count(good)),
        (None, Some(bad)) => say!(language, "fewer than {users}", users = count(bad)),
        (None, None) => NOTHING.to_owned(),
    }
}
