//! How much of the trouble of a run a cause explains.
//!
//! Where requests fail, the failures are the trouble; where none does, it is the time that requests take. In between both
//! count: from a tenth of failed requests on, time counts no more.

use super::case::Case;
use super::rule::Weight;

/// From this share of failed requests on, only failures count.
const MOSTLY_FAILURES: f64 = 0.1;

/// The share of the trouble that a cause explains, from 0 to 1.
pub(super) fn share(case: &Case<'_>, weight: &Weight) -> f64 {
    let failures = (case.run.bad_ratio() / MOSTLY_FAILURES).min(1.0);
    (failures * weight.of_failures + (1.0 - failures) * weight.of_time).clamp(0.0, 1.0)
}
