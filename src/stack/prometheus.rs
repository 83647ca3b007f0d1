//! Prometheus, which scrapes the metrics of the instances every second.

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, probe};

/// The configuration, in a file of its own so that promtool can check it.
const CONFIGURATION: &str = include_str!("prometheus.yml");

pub(super) fn launch_spec(context: &LaunchContext<'_>) -> LaunchSpec {
    let home = context.layout.home(ProcessName::Prometheus);
    let port = context.ports.of(ProcessName::Prometheus);
    let file = home.join("prometheus.yml");
    let mut arguments = Vec::new();
    for (option, value) in [("--config.file=", file.clone()), ("--storage.tsdb.path=", home.join("data"))] {
        let mut argument = std::ffi::OsString::from(option);
        argument.push(value);
        arguments.push(argument);
    }
    arguments.push(format!("--web.listen-address=127.0.0.1:{port}").into());
    let target = |name| format!("\"127.0.0.1:{}\"", context.ports.of(name));
    let targets: Vec<_> = ProcessName::instances(context.config.instances()).map(target).collect();
    let mut text = CONFIGURATION.replace("{{instances}}", &targets.join(", "));
    let mut files = Vec::new();
    if let Some(token) = &context.config.token {
        // Relative to the configuration.
        text.push_str("    authorization: {credentials_file: token}\n");
        files.push((home.join("token"), token.reveal().to_owned()));
    }
    files.push((file, text));
    LaunchSpec {
        program: context.programs.prometheus.clone(),
        arguments,
        directories: vec![home],
        files,
        ..LaunchSpec::default()
    }
}

/// Whether Prometheus has scraped every instance at least once. It reports itself ready about five seconds before it
/// begins to scrape; a load test in that time would be missing from its report.
pub(super) async fn answers(port: u16) -> bool {
    let Some(answer) = probe::get(port, "/api/v1/targets?state=active").await else { return false };
    let asked = |targets: Targets| {
        let targets = targets.data.active_targets;
        !targets.is_empty() && targets.iter().all(|target| target.health != "unknown")
    };
    answer.json().is_ok_and(asked)
}

/// The part of the answer that is used (<https://prometheus.io/docs/prometheus/latest/querying/api/#targets>).
#[derive(serde::Deserialize)]
struct Targets {
    data: TargetData,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetData {
    active_targets: Vec<ActiveTarget>,
}

#[derive(serde::Deserialize)]
struct ActiveTarget {
    health: String,
}
