//! The log of refusals: the first of a kind is logged at once, the others are summed up every second.
//!
//! An overloaded instance refuses thousands of requests per second, and a log line for each would add to the load.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::ApiError;
use crate::wire::{Code, Route};

/// The time between two sums in the log.
const PERIOD: Duration = Duration::from_secs(1);

/// The most kinds of refusals that are counted separately in one period.
const MOST_KINDS: usize = 32;

/// The refusals of this period and the kinds known from the one before.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    kinds: Vec<Kind>,
    /// The number of refusals beyond [`MOST_KINDS`] kinds.
    others: u64,
    /// The number of answers that were begun and not finished, by reason.
    cut_off: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
struct Kind {
    code: Code,
    reason: String,
    /// The number of refusals that are not logged yet.
    untold: u64,
}

impl Refusals {
    /// Records a refusal. Those caused by the client are logged at debug level only.
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

    /// Records an answer that was begun and not finished.
    pub(super) fn note_cut_off(&self, reason: &'static str) {
        *self.noted().cut_off.entry(reason).or_default() += 1;
    }

    /// Whether this kind of refusal was not seen lately. A kind that was seen is counted for the next sum.
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

    /// Calls [`Self::sum_up`] every second and never returns.
    pub(super) async fn sum_up_every_second(&self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            self.sum_up();
        }
    }

    /// Logs how many refusals of each kind there were since the last call.
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

    /// Takes the refusals that are not logged yet, and forgets the kinds that did not occur again.
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
        // The values are consistent after every statement, so a panic elsewhere leaves them usable.
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
        // A kind that continues is summed up again; a kind that stopped counts as new when it returns.
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
