//! `redis-keys-own`: a Redis that evicts any key when it is full holds the store's keys only.

use crate::cache;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "redis-keys-own",
    expected: "a Redis that may evict any key holds the store's keys alone",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The prefix of all keys of the store.
const OURS: &str = "storemgr:";

/// The most keys that are examined: enough to notice another program, few enough not to slow Redis down.
const MOST: usize = 10_000;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.redis_address()?;
    let away = |_| CheckOutcome::skip("Redis cannot be reached", "see redis-reachable");
    let facts = cache::server_facts(address, deployment.timeout).await.map_err(away)?;
    if !facts.eviction_policy.starts_with("allkeys-") {
        return Err(CheckOutcome::skip(format!("its policy is {}", facts.eviction_policy), "see redis-eviction"));
    }
    let others = cache::other_keys(address, OURS, MOST, deployment.timeout).await.map_err(|error| {
        if error.is_forbidden() {
            return CheckOutcome::skip("the account may not list keys", "give it SCAN on Redis: +scan");
        }
        away(error)
    })?;
    if others == 0 {
        return Ok(CheckOutcome::pass("no keys of other programs"));
    }
    let seen =
        format!("{others} keys of other programs, which are lost when Redis is full ({})", facts.eviction_policy);
    Ok(CheckOutcome::fail(seen, "give the store a Redis of its own; another REDIS_DB is not enough"))
}
