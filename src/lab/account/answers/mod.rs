//! The nine questions of the original lab, in order, answered by what this lab has measured: each with sentences that are
//! computed from the figures, a table and a chart. One file answers one question, or two that need the same figures.

mod answer;
mod cache;
mod document;
mod failures;
mod glossary;
mod instances;
mod lines;
mod original;
mod statements;
mod users;
mod writes;

pub(super) use answer::Answer;
pub(super) use document::{ChartLinks, document};
#[cfg(test)]
pub(super) use original::beside as beside_the_original;

use super::Account;

/// The answers to all questions, in order.
pub(super) fn answers(account: &Account) -> Vec<Answer> {
    vec![
        users::from_how_many(account),
        failures::by_endpoint(account),
        failures::by_message(account),
        statements::one_query(account),
        lines::a_million(account),
        cache::reports(account),
        writes::stay_bad(account),
        instances::two(account),
        instances::policies(account),
    ]
}
