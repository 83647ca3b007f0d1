//! Sentinel, which watches the two Redis of a stack with a group and makes the replica the master when the other is gone.
//!
//! One is enough on one machine, where it proves nothing about networks; a deployment has three.

use super::ProcessName;
use super::launch_spec::{LaunchContext, LaunchSpec};

/// The name under which it watches the master, which is also the default of `--redis-sentinel-name`.
pub(super) const MASTER: &str = "storemgr";

pub(super) fn launch_spec(context: &LaunchContext<'_>) -> LaunchSpec {
    let home = context.layout.home(ProcessName::Sentinel);
    let configuration = home.join("sentinel.conf");
    let (own, master) = (context.ports.of(ProcessName::Sentinel), context.ports.of(ProcessName::Redis));
    // It writes what it learns into this file, which is made anew with every start.
    let text = format!(
        "port {own}\nbind 127.0.0.1\nsentinel monitor {MASTER} 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n"
    );
    LaunchSpec {
        program: context.programs.redis.clone(),
        arguments: vec![configuration.clone().into(), "--sentinel".into()],
        directories: vec![home],
        files: vec![(configuration, text)],
        ..LaunchSpec::default()
    }
}
