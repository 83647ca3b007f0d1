//! The checks of a task: what an answer must be for its request to have succeeded.
//!
//! A check is compiled when its scenario is read. What could never fail, or never hold, is refused then: it would be
//! the truth about nothing. `rules` has the check and applies it, `read` reads it from the file; the other files are the
//! kinds of rules.

mod bounds;
mod expected;
mod matched;
mod number;
mod pattern;
mod place;
mod read;
mod rules;
#[cfg(test)]
mod tests;
mod time_limit;

pub(super) use number::Number;
pub(super) use pattern::of_capture as compile_capture;
pub(super) use place::Place;
pub(super) use rules::decoded;
pub(in crate::loadtest) use rules::{Check, Seen};
