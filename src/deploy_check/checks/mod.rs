//! The checks, one file each, all alike: a name, what it expects, and a function that asks and never fails.

mod connection_budget;
mod database_reachable;
mod database_version;
mod front_reaches_instances;
mod instances_live;
mod instances_ready;
mod order_round_trip;
mod prometheus_targets;
mod redis_eviction;
mod redis_reachable;
mod schema_current;

use std::pin::Pin;

use super::finding::Outcome;
use super::surroundings::Surroundings;

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// What it expects to see, one sentence.
    pub expected: &'static str,
    pub(super) run: for<'a> fn(&'a Surroundings) -> Running<'a>,
}

/// A check under way.
type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Every check, in the order in which they are shown: what others need comes first.
pub const CATALOG: &[Check] = &[
    database_reachable::CHECK,
    database_version::CHECK,
    schema_current::CHECK,
    connection_budget::CHECK,
    redis_reachable::CHECK,
    redis_eviction::CHECK,
    instances_live::CHECK,
    instances_ready::CHECK,
    front_reaches_instances::CHECK,
    prometheus_targets::CHECK,
    order_round_trip::CHECK,
];

/// Runs a check's steps: an early end is an outcome too.
async fn settle(steps: impl Future<Output = Result<Outcome, Outcome>>) -> Outcome {
    steps.await.unwrap_or_else(|early| early)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let mut ids: Vec<_> = CATALOG.iter().map(|check| check.id).collect();
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CATALOG.len());
    }
}
