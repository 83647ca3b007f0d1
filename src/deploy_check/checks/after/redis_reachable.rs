//! `redis-reachable`: Redis answers.

use crate::cache;
use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "redis-reachable",
    expected: "Redis answers",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
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
