//! `redis-keys-own`: a Redis that throws keys away when it is full holds none that somebody needs.

use crate::cache;
use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "redis-keys-own",
    expected: "a Redis that may evict any key holds the store's keys alone",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

/// What all keys of the store begin with.
const OURS: &str = "storemgr:";

/// Keys looked at: enough to notice another program, few enough to disturb nobody.
const MOST: usize = 10_000;

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let address = surroundings.redis_address()?;
    let away = |_| Outcome::skip("Redis cannot be reached", "see redis-reachable");
    let facts = cache::server_facts(address, surroundings.timeout).await.map_err(away)?;
    if !facts.eviction_policy.starts_with("allkeys-") {
        return Err(Outcome::skip(format!("its policy is {}", facts.eviction_policy), "see redis-eviction"));
    }
    let others = cache::other_keys(address, OURS, MOST, surroundings.timeout).await.map_err(away)?;
    if others == 0 {
        return Ok(Outcome::pass("no keys of others"));
    }
    let seen = format!("{others} keys of others, which are lost when Redis is full ({})", facts.eviction_policy);
    Ok(Outcome::fail(seen, "give the store a Redis of its own; another REDIS_DB is not enough"))
}
