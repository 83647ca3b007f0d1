//! `build-current`: every instance runs the version and commit that should be deployed; none still runs an old image.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "build-current",
    expected: "every instance runs this version, and the commit of --revision or of this program where it is known",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let instances = deployment.instance_targets()?;
    let mut builds = Vec::new();
    for instance in instances {
        // instances-live reports an instance that does not answer.
        let Ok(answer) = deployment.get(instance, "/metrics").await else { continue };
        let text = answer.text();
        let line = text.lines().find(|line| line.starts_with("storemgr_build_info{")).unwrap_or_default();
        builds.push((instance.to_string(), label(line, "version"), label(line, "revision")));
    }
    let Some((_, _, first)) = builds.first() else {
        return Err(CheckOutcome::skip("no instance answers", "see instances-live"));
    };
    // Without an expected revision, all instances must at least run the same one.
    let wanted = deployment.revision.as_deref().unwrap_or(first);
    let shown = |version: &str, revision: &str| match revision {
        "unknown" => version.to_owned(),
        revision => format!("{version}, commit {revision}"),
    };
    let this = shown(&deployment.version, wanted);
    let wrong = builds.iter().filter(|(_, version, revision)| *version != deployment.version || revision != wanted);
    let wrong: Vec<_> = wrong
        .map(|(name, version, revision)| format!("{name} runs {}, not {this}", shown(version, revision)))
        .collect();
    if wrong.is_empty() {
        return Ok(CheckOutcome::pass(this));
    }
    Ok(CheckOutcome::fail(
        wrong.join("\n"),
        "build the image again, and replace the containers that still run the old one",
    ))
}

/// The value of a label in a line of the Prometheus text format.
fn label(line: &str, name: &str) -> String {
    let start =
        [format!("{{{name}=\""), format!(",{name}=\"")].iter().find_map(|key| Some(line.find(key)? + key.len()));
    let value = start.map(|start| line[start..].split('"').next().unwrap_or_default());
    value.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_their_whole_names() {
        let line = r#"storemgr_build_info{a_version="0",revision="abc",version="1.2.3"} 1"#;
        assert_eq!((label(line, "version").as_str(), label(line, "revision").as_str()), ("1.2.3", "abc"));
        assert_eq!(label("", "version"), "unknown");
    }
}
