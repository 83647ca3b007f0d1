//! `connection-budget`: the pools of all instances leave the database some connections for tools and administrators.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::defaults::{RESERVE, TOOLS};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "connection-budget",
    expected: "the pools of all instances, 10 connections for tools and 5 in reserve, within max_connections",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let instances = deployment.instance_targets()?;
    let facts = deployment.session().await?.server_facts().await;
    let limit = facts.map_err(|error| CheckOutcome::fail(error.to_string(), "see the database's log"))?.max_connections;
    let mut pools = 0;
    for instance in instances {
        let size = deployment.metric(instance, "storemgr_db_pool_size", "").await;
        // instances-live reports an instance that does not answer.
        let size = size.map_err(|_| {
            CheckOutcome::skip(format!("{instance} does not report the size of its pool"), "see instances-live")
        })?;
        if size < 1.0 {
            return Ok(CheckOutcome::fail(
                format!("{instance} opens a connection for every request, without a limit"),
                "start it with --db-connections pool",
            ));
        }
        pools += size as u64;
    }
    let seen = format!(
        "{pools} in {} pools, {TOOLS} for tools, {RESERVE} in reserve; max_connections is {limit}",
        instances.len()
    );
    if pools + TOOLS + RESERVE <= limit {
        return Ok(CheckOutcome::pass(seen));
    }
    let most = limit.saturating_sub(TOOLS + RESERVE) / instances.len() as u64;
    Ok(CheckOutcome::fail(seen, format!("lower --db-pool-size to {most} or less, or raise max_connections")))
}
