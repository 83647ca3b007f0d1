//! Forty small deployments in the manners of real ones: each is sound, and each of the breaks beside it is told, first and
//! alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use storemgr::deploy_check::{CATALOG, Finding, Phase, Severity, Verdict, before};
use tempfile::TempDir;

use super::anywhere::{files_of, write_all};

/// A deployment, and what a person may break in it.
#[derive(Deserialize)]
pub struct Deployment {
    pub files: BTreeMap<String, String>,
    #[serde(rename = "break")]
    pub breaks: Vec<Break>,
}

/// One place that is written wrongly, and who tells it.
#[derive(Deserialize)]
pub struct Break {
    pub file: String,
    pub from: String,
    pub to: String,
    pub check: String,
    pub severity: String,
}

/// All of them, with their names.
pub fn deployments() -> Vec<(String, Deployment)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/deployments");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    paths.iter().map(read).collect()
}

/// What is wrong: the checks that found more than notes, each with how bad it is.
fn wrong(verdict: &Verdict) -> Vec<(&str, Severity)> {
    let bad = |one: &&Finding| one.severity.is_some_and(|severity| severity < Severity::Note);
    verdict.checks.iter().filter(bad).map(|one| (one.id, one.severity.unwrap())).collect()
}

async fn verdict(files: &BTreeMap<String, String>) -> Verdict {
    let folder = TempDir::new().unwrap();
    write_all(folder.path(), files);
    let checks: Vec<_> = CATALOG.iter().filter(|check| check.phase() == Phase::Before).copied().collect();
    before(&checks, files_of(folder.path())).await
}

#[tokio::test]
async fn sound_deployments_are_sound_and_every_break_is_told_first_and_alone() {
    let mut told: Vec<String> = Vec::new();
    let (mut sound, mut broken) = (0, 0);
    for (name, deployment) in deployments() {
        let verdict_of_sound = verdict(&deployment.files).await;
        sound += 1;
        if !wrong(&verdict_of_sound).is_empty() {
            told.push(format!(
                "{name} is sound: {:#?}",
                verdict_of_sound.checks.iter().filter(|one| one.severity.is_some()).collect::<Vec<_>>()
            ));
            continue;
        }
        for one in &deployment.breaks {
            let mut files = deployment.files.clone();
            let text = files.get_mut(&one.file).unwrap();
            assert!(text.contains(&one.from), "{name}: {} does not hold {}", one.file, one.from);
            *text = text.replacen(&one.from, &one.to, 1);
            let found = verdict(&files).await;
            broken += 1;
            let severity = if one.severity == "error" { Severity::Error } else { Severity::Warning };
            let expected = vec![(one.check.as_str(), severity)];
            let first = found.checks.first().map(|finding| finding.id);
            let line = found
                .checks
                .first()
                .and_then(|finding| finding.places.first())
                .is_some_and(|spot| !spot.file.is_empty());
            if wrong(&found) != expected || first != Some(one.check.as_str()) || !line {
                let seen: Vec<_> = found
                    .checks
                    .iter()
                    .filter(|one| one.severity.is_some())
                    .map(|one| (one.id, one.severity, &one.seen))
                    .collect();
                told.push(format!("{name}, {} → {}: expected {expected:?}, found {seen:#?}", one.from, one.to));
            }
        }
    }
    assert!(told.is_empty(), "{} of {sound} sound and {broken} broken:\n{}", told.len(), told.join("\n"));
    assert!(sound >= 40 && broken >= 3 * sound, "{sound} {broken}");
}
