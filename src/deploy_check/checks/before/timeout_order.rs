//! `timeout-order`: the outer time limits are longer than the inner ones: client, nginx, instance, pool and queue.
//!
//! Otherwise a request is abandoned while an instance still works on it, and its sender repeats it. That doubles the
//! work just when there is too much of it.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{CLIENT_TIMEOUT, ORDER_QUEUE_WAIT, POOL_WAIT, REQUEST_DEADLINE, Setting};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "timeout-order",
    expected: "a client waits longer than nginx, nginx longer than an instance, an instance longer than its pool and its orders",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The default of `proxy_read_timeout` (nginx documentation).
const NGINX_DEFAULT: Duration = Duration::from_mins(1);

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let nginx = files.nginx()?;
    let compose = files.compose()?;
    let instances = files.instances()?;
    let clients = compose.services.iter().filter(|service| service.words().iter().any(|word| word == "loadtest"));
    let client = clients.map(|service| CLIENT_TIMEOUT.duration(Some(service))).min();
    let client = client.unwrap_or_else(|| CLIENT_TIMEOUT.duration(None));
    let (proxy, unseen) = (nginx.durations("proxy_read_timeout"), nginx.unseen());
    if let (true, Some(unseen)) = (proxy.is_empty(), &unseen) {
        return Err(CheckOutcome::skip(
            format!("proxy_read_timeout may be set in {unseen}"),
            "check that file by hand",
        ));
    }
    let longest = proxy.iter().copied().max().unwrap_or(NGINX_DEFAULT);
    let shortest = proxy.iter().copied().min().unwrap_or(NGINX_DEFAULT);
    let deadlines = || instances.iter().map(|instance| REQUEST_DEADLINE.duration(Some(instance)));
    let longest_of = |wait: Setting| instances.iter().map(|one| wait.duration(Some(one))).max().unwrap_or_default();
    let (slowest, quickest) = (deadlines().max().unwrap_or_default(), deadlines().min().unwrap_or_default());
    let (pool, orders) = (longest_of(POOL_WAIT), longest_of(ORDER_QUEUE_WAIT));
    let show = units::duration;
    let seen = format!(
        "client {}, nginx {}, instance {}, pool {}, orders {}",
        show(client),
        show(longest),
        show(slowest),
        show(pool),
        show(orders)
    );
    let advice = if client <= longest {
        "shorten nginx's proxy_read_timeout, or lengthen `loadtest --timeout`"
    } else if shortest <= slowest {
        "lengthen nginx's proxy_read_timeout, or shorten STOREMGR_REQUEST_DEADLINE"
    } else if quickest <= pool {
        "lengthen STOREMGR_REQUEST_DEADLINE, or shorten STOREMGR_DB_POOL_WAIT"
    } else if quickest <= orders {
        "lengthen STOREMGR_REQUEST_DEADLINE, or shorten STOREMGR_ORDER_QUEUE_WAIT"
    } else {
        return Ok(CheckOutcome::pass(seen).with_unseen(unseen));
    };
    Ok(CheckOutcome::fail(seen, advice))
}
