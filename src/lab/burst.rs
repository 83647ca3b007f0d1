//! Sends orders as fast as they are answered, to find out how many a subject can write.

use std::path::Path;
use std::time::Duration;

use super::measurement::Burst;
use super::stop::Stop;
use super::watcher::unwatched;
use crate::db::{Address, Session};
use crate::loadtest::{
    self, Config, Criteria, Ended, Load, RunOutputs, Scenario, ScenarioError, Users, interrupted_by,
};
use crate::net::{Target, Way};

/// The number of users, who have no think time: enough to fill a batch of group commit several times.
const USERS: u32 = 256;

/// The scenario, which is a file like the others.
const SCENARIO: &str = include_str!("../../scenarios/orders.toml");

/// The time limit of an answer, also after the end of the burst. An order that takes longer counts as failed.
const LIMIT: Duration = Duration::from_secs(10);

/// Reads the scenario for a store of this size.
pub(super) fn scenario(products: u64, customers: u64) -> Result<Scenario, ScenarioError> {
    let values = [("products", products), ("customers", customers)];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_string()));
    Scenario::parse(SCENARIO, "the scenario of orders alone", Path::new("."), &values)
}

/// Sends orders for the time `lasts`; `None` if the lab was asked to stop meanwhile. An error is a sentence.
pub(super) async fn run(
    (target, way): (&Target, Way),
    scenario: Scenario,
    lasts: Duration,
    seed: u64,
    database: Option<&Address>,
    stop: &Stop,
) -> Result<Option<Burst>, String> {
    let mut session = match database {
        Some(address) => Some(Session::connect_to_watch(address, LIMIT).await.map_err(unwatched)?),
        None => None,
    };
    let before = match &mut session {
        Some(session) => Some(session.server_counters().await.map_err(unwatched)?),
        None => None,
    };
    let left_open = match session.as_mut().zip(database) {
        Some((session, address)) => {
            Some(session.connection_states(&address.name).await.map_err(unwatched)?.len() as u64)
        }
        None => None,
    };
    let config = Config {
        target: target.clone(),
        way,
        load: Load::Users(Users { users: USERS, spawn_rate: f64::from(USERS) * 2.0, stages: Vec::new() }),
        warm_up: Duration::ZERO,
        run_time: lasts,
        iterations: None,
        streams: 1,
        timeout: LIMIT,
        stop_timeout: LIMIT,
        seed,
    };
    let criteria = Criteria::default();
    let run = |steering| Box::pin(loadtest::run(config, &criteria, scenario, RunOutputs::default(), steering));
    let finished = interrupted_by(stop.asked(), run).await;
    let finished = finished.map_err(|error| error.to_string())?;
    if finished.ended == Ended::Interrupted {
        return Ok(None);
    }
    let summary = finished.result;
    let accepted = (summary.requests - summary.failures) as f64;
    let counted = match (&mut session, before) {
        (Some(session), Some(before)) => Some(session.server_counters().await.map_err(unwatched)?.since(&before)),
        _ => None,
    };
    let accepted_times = summary.aggregated.succeeded_latency_ms.as_ref();
    let ratio = |part: f64, whole: f64| (whole > 0.0).then_some(part / whole);
    Ok(Some(Burst {
        users: USERS,
        duration_s: summary.duration_s,
        orders_per_s: accepted / summary.duration_s,
        fail_ratio: summary.fail_ratio,
        p50_ms: accepted_times.map(|times| times.p50),
        p99_ms: accepted_times.map(|times| times.p99),
        statements_per_order: counted.and_then(|counted| ratio(counted.statements as f64, accepted)),
        orders_per_commit: counted.and_then(|counted| ratio(accepted, counted.commits as f64)),
        left_open,
        verdict: summary.verdict,
    }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_scenario_can_be_read() {
        assert_eq!(super::scenario(500, 20).unwrap().name(), "orders");
    }
}
