//! `redis-eviction`: a full Redis evicts old keys instead of refusing new ones.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::{cache, units};

pub(crate) const CHECK: Check = Check {
    id: "redis-eviction",
    expected: "a limit on memory, and a policy that evicts any key (allkeys-…)",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.redis_address()?;
    let facts = cache::server_facts(address, deployment.timeout).await;
    let facts = facts.map_err(|_| CheckOutcome::skip("Redis cannot be reached", "see redis-reachable"))?;
    let policy = &facts.eviction_policy;
    if facts.max_memory == 0 {
        let seen = format!("no limit on memory ({policy})");
        return Ok(CheckOutcome::warn(seen, "set maxmemory, so that Redis cannot use up the machine's memory"));
    }
    let evicted = units::count(facts.evicted_keys);
    let seen = format!("{}, {policy}, {evicted} keys evicted since its start", units::bytes(facts.max_memory));
    if policy.starts_with("allkeys-") {
        return Ok(CheckOutcome::pass(seen));
    }
    Ok(CheckOutcome::fail(seen, "set maxmemory-policy to allkeys-lru: with this one a full Redis refuses to cache"))
}
