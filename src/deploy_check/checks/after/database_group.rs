//! `database-group`: a group of database servers can lose one, and loses no order with it.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "database-group",
    expected: "a group has at least three members, all online, and a new primary answers only with all that was accepted",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// With fewer members, none may be lost.
const FEWEST: usize = 3;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let named = deployment.database_address()?.servers.all().len();
    let facts = match deployment.session().await?.group_facts().await {
        Ok(Some(facts)) => facts,
        Ok(None) if named > 1 => {
            return Ok(CheckOutcome::warn(
                format!("DB_HOST names {named} servers, and the one that takes writes belongs to no group"),
                "see that they replicate to each other and that only one of them takes writes; orders that one had \
                 accepted and another had not got yet are lost when it fails",
            ));
        }
        Ok(None) => return Err(CheckOutcome::skip("the database is one server", "see docs/scale.md for a group")),
        Err(error) => return Ok(CheckOutcome::fail(error.to_string(), "see the database's log")),
    };
    let seen: Vec<_> = facts.members.iter().map(|(place, state)| format!("{place} {state}")).collect();
    let seen = format!("{}; group_replication_consistency is {}", seen.join(", "), facts.consistency);
    let away: Vec<_> = facts.members.iter().filter(|(_, state)| state != "ONLINE").collect();
    Ok(if facts.forgets_at_failover() {
        CheckOutcome::fail(
            seen,
            "SET PERSIST group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER' on every member: a new primary would \
             answer before it has all orders that were accepted",
        )
    } else if let Some((place, _)) = away.first() {
        CheckOutcome::fail(
            seen,
            format!("see the log of {place}, and there STOP GROUP_REPLICATION, then START GROUP_REPLICATION"),
        )
    } else if facts.members.len() < FEWEST {
        CheckOutcome::fail(seen, "add members: a group of two stops when either of them fails")
    } else {
        CheckOutcome::pass(seen)
    })
}
