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
    let mut text = CONFIGURATION.to_owned();
    for name in ProcessName::INSTANCES {
        let place = format!("{{{{{name}}}}}");
        if context.config.instances().contains(&name) {
            text = text.replace(&place, &format!("127.0.0.1:{}", context.ports.of(name)));
        } else {
            text = text.lines().filter(|line| !line.contains(&place)).map(|line| format!("{line}\n")).collect();
        }
    }
    LaunchSpec {
        program: context.programs.prometheus.clone(),
        arguments,
        directories: vec![home],
        files: vec![(file, text)],
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
