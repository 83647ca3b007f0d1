//! `planned-connections`: the pools of all instances leave the database some connections for tools and administrators.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{CONNECTIONS, MAX_CONNECTIONS, POOL_SIZE, RESERVE, TOOLS};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "planned-connections",
    expected: "the pools of all instances, 10 connections for tools and 5 in reserve, within max_connections",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let instances = files.instances()?;
    let database = files.database()?;
    let limit = match database.server_option("max-connections") {
        None => MAX_CONNECTIONS,
        Some(text) => text.parse().map_err(|_| {
            CheckOutcome::fail(format!("max_connections of {} is {text:?}", database.name), "write a number")
        })?,
    };
    let (mut pools, mut count) = (0, 0);
    for instance in instances {
        if CONNECTIONS.of(instance) != CONNECTIONS.default {
            let seen = format!("{} opens a connection for every request, without a limit", instance.name);
            return Ok(CheckOutcome::fail(seen, "set STOREMGR_DB_CONNECTIONS=pool"));
        }
        let size = POOL_SIZE.of(instance);
        let Ok(size) = size.parse::<u64>() else {
            return Ok(CheckOutcome::fail(format!("the pool of {} is {size:?}", instance.name), "write a number"));
        };
        pools += size * instance.replicas;
        count += instance.replicas;
    }
    let seen = format!("{pools} in {count} pools, {TOOLS} for tools, {RESERVE} in reserve; max_connections is {limit}");
    if pools + TOOLS + RESERVE <= limit {
        return Ok(CheckOutcome::pass(seen));
    }
    let most = limit.saturating_sub(TOOLS + RESERVE) / count.max(1);
    Ok(CheckOutcome::fail(seen, format!("lower STOREMGR_DB_POOL_SIZE to {most} or less, or raise max_connections")))
}
