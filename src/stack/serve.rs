//! The instances of the store. They get the addresses of this stack's services only; they inherit the other settings for
//! `serve` in the environment of this command, as if they were started by hand.

use std::ffi::OsString;

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, environment, probe};

/// Variables of storemgr that are not settings of an instance.
const NOT_FOR_INSTANCES: [&str; 11] = [
    "STOREMGR_TOKEN",
    "STOREMGR_TOKEN_FILE",
    "STOREMGR_URL",
    "STOREMGR_INSTANCES",
    "STOREMGR_LISTEN",
    "STOREMGR_PROBE_LISTEN",
    "STOREMGR_MYSQLD",
    "STOREMGR_STACK_PORT",
    "STOREMGR_STACK_INSTANCES",
    "STOREMGR_STACK_REPLICAS",
    "STOREMGR_STACK_BALANCE",
];

pub(super) fn launch_spec(name: ProcessName, context: &LaunchContext<'_>) -> LaunchSpec {
    let port = context.ports.of(name);
    let mut arguments = vec!["serve".into(), "--listen".into(), format!("127.0.0.1:{port}").into()];
    arguments.extend(context.config.serve_options.iter().cloned());
    let services = environment::services(context.ports, context.password, context.config.replicas());
    let services = services.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    LaunchSpec {
        program: context.programs.store.clone(),
        arguments,
        environment: settings().into_iter().chain(services).collect(),
        directories: vec![context.layout.home(name)],
        ..LaunchSpec::default()
    }
}

pub(super) async fn answers(port: u16) -> bool {
    probe::says_ok(port, "/ready").await
}

/// The variables that instances inherit, sorted so that the same settings give the same launch spec.
fn settings() -> Vec<(String, OsString)> {
    let ours = |name: &String| name.starts_with("STOREMGR_") && !NOT_FOR_INSTANCES.contains(&name.as_str());
    let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut settings: Vec<_> = all.filter(|(name, _)| ours(name)).collect();
    settings.sort();
    settings
}
