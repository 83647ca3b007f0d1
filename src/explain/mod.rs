//! What broke in a run, and how that is known: names causes, with the figures of the run that speak for each.
//!
//! A cause is one file in `rules` with the same three parts: what it needs, what speaks for and against it, and its words.
//! Everything here is pure: it reads the result of a run ([`crate::run_result`]), in which the load test has written what it
//! saw of the service's parts, and computes. Findings are ordered by how much of the trouble they explain (`trouble`); one that follows
//! from another is never certain. Nothing is named without figures, and where nothing explains a run, that is said.

mod case;
mod change;
mod explanation;
mod figure;
mod finding;
mod rule;
mod rules;
mod symptom;
mod tables;
mod trouble;
mod unknown;

#[cfg(test)]
mod tests;

pub use change::{Change, Changes, changes};
pub use explanation::{Explanation, explain};
pub use figure::Figure;
pub use finding::{Certainty, Evidence, Expected, Finding, RuledOut, Unseen};
pub use tables::{Shown, shown, shown_changes};
