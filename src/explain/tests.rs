//! The causes of example runs: each file in `tests/data/observed`, written by hand in the format of `--json`, has what was seen,
//! what differs from a run without failures, and the causes that must be named.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::run_result::{RunResult, example_run};
use crate::units::Language;

/// A run of 60 s in which nothing failed and answers took 17 ms on average, with these differences.
fn run(differences: &Value) -> RunResult {
    let mut run = serde_json::to_value(example_run()).unwrap();
    let healthy = serde_json::json!({
        "failures": 0, "fail_ratio": 0.0, "in_flight_at_end": 0, "failure_groups": [], "thresholds": [],
        "aggregated": {"failures": 0, "failures_per_s": 0.0},
        "generator": {"host_idle_ratio": 0.6},
    });
    merge(&mut run, &healthy);
    for route in run["routes"].as_array_mut().unwrap() {
        route["failures"] = 0.into();
    }
    merge(&mut run, differences);
    serde_json::from_value(run).unwrap()
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from.clone(),
    }
}

fn examples() -> Vec<(String, Value)> {
    files_in("tests/data/observed")
}

fn files_in(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    files.map(read).collect()
}

#[test]
fn example_runs_are_explained_as_they_must_be() {
    let examples = examples();
    assert!(examples.len() >= 10, "only {} examples exist", examples.len());
    for (name, file) in examples {
        assert_explained(&name, &run(&file["run"]), &file);
    }
}

/// Asserts that a run has the causes of its file, and says that it is not known where the file does.
fn assert_explained(name: &str, run: &RunResult, file: &Value) {
    let explanation = explain(run, Language::English);
    let found: Vec<_> = explanation
        .findings
        .iter()
        .map(|finding| (finding.cause.to_owned(), serde_json::to_value(finding.certainty).unwrap()))
        .collect();
    let expected: Vec<(String, Value)> = serde_json::from_value(file["causes"].clone()).unwrap();
    assert_eq!(found, expected, "{name}: {:#?}", explanation.findings);
    let unknown = file["unknown"].as_bool().unwrap_or(false);
    assert_eq!(explanation.unknown.is_some(), unknown, "{name}: {:?}", explanation.unknown);
}

/// What was seen of real services in which the causes were brought about, by the tests in `tests/integration/explain`.
#[test]
fn recorded_runs_are_explained_as_they_were() {
    let recorded = files_in("tests/data/observed/recorded");
    assert!(recorded.len() >= 20, "only {} runs are recorded", recorded.len());
    for (name, file) in recorded {
        assert!(file["unknown"].is_boolean(), "{name}");
        assert_explained(&name, &serde_json::from_value(file["run"].clone()).unwrap(), &file);
    }
}

#[test]
fn every_cause_is_named_by_an_example() {
    let named: Vec<String> = examples()
        .into_iter()
        .filter_map(|(_, file)| Some(file["causes"].as_array()?.first()?[0].as_str()?.to_owned()))
        .collect();
    let missing: Vec<_> =
        rules::ALL.iter().map(|rule| rule.cause).filter(|cause| !named.iter().any(|name| name == cause)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_run_in_which_nothing_happened_names_nothing_and_one_that_failed_says_what_to_watch() {
    let calm = explain(&run(&Value::Null), Language::English);
    assert!(!calm.names_any() && calm.unknown.is_none(), "{calm:#?}");
    assert!(calm.unseen.iter().any(|unseen| unseen.cause == "full_scan"), "what was not looked at is said");
    let failed = serde_json::json!({"failures": 1000, "aggregated": {"failures": 1000}});
    let failed = explain(&run(&failed), Language::English);
    assert!(!failed.names_any(), "{failed:#?}");
    assert!(failed.unknown.as_deref().is_some_and(|said| said.contains("repeat the run with --observe")), "{failed:?}");
}

#[test]
fn every_rule_has_words_in_every_language_for_whatever_it_weighs() {
    for (_, file) in examples() {
        for language in Language::ALL {
            let run = run(&file["run"]);
            let explanation = explain(&run, language);
            for finding in &explanation.findings {
                for text in [&finding.sentence, &finding.r#try, &finding.expect] {
                    assert!(text.len() > 10 && !text.contains('{'), "{}: {text}", finding.cause);
                }
            }
            let shown = shown(&explanation, run.observed.as_deref(), language);
            assert!(!shown.paragraphs.is_empty());
        }
    }
}

#[test]
fn a_cure_is_compared_with_what_was_expected_of_it() {
    let file = examples().into_iter().find(|(name, _)| name == "connections_left_open").unwrap().1;
    let (before, after) = (run(&file["run"]), run(&Value::Null));
    let changes = changes(&before, &after, &explain(&before, Language::English));
    assert!(changes.gone.contains(&"connections_left_open") && changes.new.is_empty(), "{changes:?}");
    let failed = changes.figures.iter().find(|change| change.figure == Figure::FailRatio).unwrap();
    assert!(failed.before > Some(0.3) && failed.after == Some(0.0), "{failed:?}");
    assert!(failed.expected < Some(0.05) && failed.off_by < Some(0.05), "{failed:?}");
}
