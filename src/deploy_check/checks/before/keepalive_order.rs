//! `keepalive-order`: nginx closes an idle connection before the instance does.
//!
//! Otherwise nginx may send a request on a connection that the instance is just closing, and the request fails although
//! nothing is broken.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::IDLE_TIMEOUT;
use crate::deploy_check::files::{Directive, Files, address};
use crate::deploy_check::finding::CheckOutcome;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "keepalive-order",
    expected: "nginx keeps idle connections to an instance for less time than the instance does",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The default of `keepalive_timeout` in upstreams (nginx documentation).
const NGINX_DEFAULT: Duration = Duration::from_mins(1);

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.nginx()?;
    let instances = files.instances()?;
    let to_instances = |upstream: &&Directive| {
        let hosts = upstream.block.iter().filter(|one| one.name == "server").filter_map(|one| address(one.argument(0)));
        hosts.into_iter().any(|server| instances.iter().any(|one| one.answers_to(&server.host)))
    };
    let upstreams = configurations.iter().flat_map(|nginx| nginx.upstreams()).filter(to_instances);
    let kept = upstreams.map(|upstream| {
        let own = upstream.block.iter().filter(|directive| directive.name == "keepalive_timeout");
        own.filter_map(|directive| units::parse_duration(directive.argument(0)).ok()).max().unwrap_or(NGINX_DEFAULT)
    });
    let Some(kept) = kept.max() else {
        return Err(CheckOutcome::skip("nginx passes requests to no upstream of instances", "see upstreams-named"));
    };
    let idle = instances.iter().map(|instance| IDLE_TIMEOUT.duration(Some(instance))).min().unwrap_or_default();
    let seen = format!("nginx {}, instance {}", units::duration(kept), units::duration(idle));
    if kept < idle {
        return Ok(CheckOutcome::pass(seen).with_unseen(configurations.iter().find_map(|nginx| nginx.unseen())));
    }
    Ok(CheckOutcome::fail(seen, "shorten keepalive_timeout in nginx's upstream, or lengthen STOREMGR_IDLE_TIMEOUT"))
}
