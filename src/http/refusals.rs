//! The log of refusals: the first of a kind at once, the rest of them summed up every second.
//!
//! An overloaded instance refuses thousands of requests a second, and a line for each would be a load of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::ApiError;
use crate::wire::{Code, Route};

/// How often refusals are summed up.
const PERIOD: Duration = Duration::from_secs(1);

/// Kinds of refusals that are told apart in one period.
const MOST_KINDS: usize = 32;

/// What was refused in this period and the one before.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    kinds: Vec<Kind>,
    /// Refusals of kinds beyond the most that are told apart.
    others: u64,
    /// Answers that were begun and not finished, by reason.
    cut_off: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
struct Kind {
    code: Code,
    reason: String,
    /// Refusals that no line has told of.
    untold: u64,
}

impl Refusals {
    /// Takes note of a refusal. What is the client's doing is for debugging only.
    pub(super) fn note(&self, error: &ApiError, request_id: &str, route: Route) {
        let (route, code, reason) = (route.path, error.code, error.reason());
        if code.status() < 500 {
            tracing::debug!(request_id, route, reason, ?code, "a request was refused");
            return;
        }
        if !self.is_first(code, reason) {
            return;
        }
        if code == Code::InternalError {
            tracing::error!(request_id, route, reason, "a request failed by a defect");
        } else {
            tracing::warn!(request_id, route, reason, ?code, "a request was refused");
        }
    }

    /// Takes note of an answer that was begun and not finished.
    pub(super) fn note_cut_off(&self, reason: &'static str) {
        *self.noted().cut_off.entry(reason).or_default() += 1;
    }

    /// Whether this is a kind that has not been seen lately; if not, it is counted.
    fn is_first(&self, code: Code, reason: &str) -> bool {
        let mut noted = self.noted();
        if let Some(kind) = noted.kinds.iter_mut().find(|kind| kind.code == code && kind.reason == reason) {
            kind.untold += 1;
            return false;
        }
        if noted.kinds.len() >= MOST_KINDS {
            noted.others += 1;
            return false;
        }
        noted.kinds.push(Kind { code, reason: reason.to_owned(), untold: 0 });
        true
    }

    /// Logs how many of each kind there were since the last time. Never returns.
    pub(super) async fn sum_up_every_second(&self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            self.sum_up();
        }
    }

    /// Logs how many of each kind there were since the last time.
    pub(super) fn sum_up(&self) {
        let cut_off = std::mem::take(&mut self.noted().cut_off);
        for (reason, answers) in cut_off {
            tracing::warn!(answers, reason, "answers were cut off and their connections reset");
        }
        let (summed, others) = self.take();
        for Kind { code, reason, untold: requests } in summed {
            if code == Code::InternalError {
                tracing::error!(requests, reason, "more requests failed by a defect");
            } else {
                tracing::warn!(requests, reason, ?code, "more requests were refused");
            }
        }
        if others > 0 {
            tracing::warn!(requests = others, "more requests were refused, for many other reasons");
        }
    }

    /// What no line has told of. A kind that did not come up again is forgotten.
    fn take(&self) -> (Vec<Kind>, u64) {
        let mut noted = self.noted();
        noted.kinds.retain(|kind| kind.untold > 0);
        let take = |kind: &mut Kind| Kind {
            code: kind.code,
            reason: kind.reason.clone(),
            untold: std::mem::take(&mut kind.untold),
        };
        let summed = noted.kinds.iter_mut().map(take).collect();
        (summed, std::mem::take(&mut noted.others))
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        // Plain values that are whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(refusals: &Refusals) -> (Vec<(Code, String, u64)>, u64) {
        let (summed, others) = refusals.take();
        (summed.into_iter().map(|kind| (kind.code, kind.reason, kind.untold)).collect(), others)
    }

    #[test]
    fn the_first_of_a_kind_is_told_at_once_and_the_rest_are_summed_up() {
        let refusals = Refusals::default();
        assert!(refusals.is_first(Code::Overloaded, "full"));
        assert!(refusals.is_first(Code::Overloaded, "slow"));
        for _ in 0..3 {
            assert!(!refusals.is_first(Code::Overloaded, "full"));
        }
        assert_eq!(taken(&refusals), (vec![(Code::Overloaded, "full".to_owned(), 3)], 0));
        // What goes on is summed up again; what came once is new when it comes again.
        assert!(!refusals.is_first(Code::Overloaded, "full"));
        assert!(refusals.is_first(Code::Overloaded, "slow"));
        assert_eq!(taken(&refusals), (vec![(Code::Overloaded, "full".to_owned(), 1)], 0));
        assert_eq!(taken(&refusals), (vec![], 0));
    }

    #[test]
    fn a_reason_that_is_never_the_same_does_not_fill_the_memory() {
        let refusals = Refusals::default();
        let told =
            (0..1_000).filter(|number| refusals.is_first(Code::DatabaseUnavailable, &number.to_string())).count();
        assert_eq!(told, MOST_KINDS);
        assert_eq!(taken(&refusals), (vec![], 1_000 - MOST_KINDS as u64));
    }
}
