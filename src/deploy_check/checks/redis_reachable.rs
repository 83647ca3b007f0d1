//! `redis-reachable`: Redis answers.

use super::super::finding::Outcome;
use super::super::surroundings::Surroundings;
use super::{Check, settle};
use crate::cache;

pub(super) const CHECK: Check = Check {
    id: "redis-reachable",
    expected: "Redis answers",
    run: |surroundings| Box::pin(settle(check(surroundings))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let address = surroundings.redis_address()?;
    let place = format!("{}:{}", address.host, address.port);
    match cache::server_facts(address, surroundings.timeout).await {
        Ok(facts) => Ok(Outcome::pass(format!("Redis {} at {place}", facts.version))),
        Err(error) => Ok(Outcome::fail(
            format!("{place}: {error}"),
            "see that Redis runs there; until it does, every report is computed by the database",
        )),
    }
}
