//! The composite action: its steps, run one after the other as GitHub's runner does.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::plan::{COMPOSE, Plan};

/// What a job has of the action.
struct Job {
    code: i32,
    said: String,
    sarif: Value,
    summary: String,
}

/// Runs the steps of the action with these inputs. The values in `${{ … }}` are put in, a step sees the outputs of those before
/// it, and a step that fails ends the job.
fn run(inputs: &[(&str, &str)]) -> Job {
    let action = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/deploy-check");
    let text = std::fs::read_to_string(action.join("action.yml")).unwrap();
    let action_file: Value = yaml_serde::from_str(&text).unwrap();
    let runner = tempfile::tempdir().unwrap();
    let mut values = BTreeMap::from([("github.action_path".to_owned(), action.display().to_string())]);
    for (name, input) in action_file["inputs"].as_object().unwrap() {
        values.insert(format!("inputs.{name}"), input["default"].as_str().unwrap().to_owned());
    }
    for (name, value) in inputs {
        let known = values.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(known.is_some(), "the action has no input {name}");
    }
    let (mut code, mut said) = (0, String::new());
    for step in action_file["runs"]["steps"].as_array().unwrap() {
        let id = step["id"].as_str().unwrap();
        let Output { status, stdout, stderr } = of_step(step, &values, runner.path());
        said += &String::from_utf8_lossy(&[stdout, stderr].concat());
        for (name, value) in outputs(runner.path()) {
            values.insert(format!("steps.{id}.outputs.{name}"), value);
        }
        code = status.code().unwrap();
        if code != 0 {
            break;
        }
    }
    let output = filled(action_file["outputs"]["sarif"]["value"].as_str().unwrap(), &values);
    let sarif = std::fs::read_to_string(output).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    let summary = std::fs::read_to_string(runner.path().join("summary")).unwrap_or_default();
    Job { code, said, sarif, summary }
}

fn of_step(step: &Value, values: &BTreeMap<String, String>, runner: &Path) -> Output {
    assert_eq!(step["shell"], "bash");
    let mut command = Command::new("bash");
    command.args([
        "--noprofile",
        "--norc",
        "-e",
        "-o",
        "pipefail",
        "-c",
        &filled(step["run"].as_str().unwrap(), values),
    ]);
    command.env("RUNNER_TEMP", runner).env("GITHUB_OUTPUT", runner.join("output"));
    command.env("GITHUB_STEP_SUMMARY", runner.join("summary"));
    for (name, value) in step["env"].as_object().unwrap() {
        command.env(name, filled(value.as_str().unwrap(), values));
    }
    command.output().unwrap()
}

/// What a step wrote to `GITHUB_OUTPUT`.
fn outputs(runner: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(runner.join("output")).unwrap_or_default();
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().filter_map(pair).collect()
}

/// A text with the values of its expressions. One without a value is empty, as on GitHub.
fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("${{");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        whole += values.get(expression.trim()).map_or("", String::as_str);
        whole += rest;
    }
    whole
}

#[test]
fn the_action_fails_where_there_is_an_error_and_tells_it_in_both_formats() {
    let program = env!("CARGO_BIN_EXE_storemgr");
    let of = |plan: &Plan, arguments: &str| {
        let folder = plan.path("").display().to_string();
        run(&[("folder", &folder), ("storemgr", program), ("arguments", arguments)])
    };
    let sound = of(&Plan::sound(), "");
    assert_eq!(sound.code, 0, "{}", sound.said);
    assert!(sound.summary.contains("compose-valid"), "{}", sound.summary);
    let errors = |job: &Job| -> Vec<Value> {
        let results = job.sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().filter(|result| result["level"] == "error").cloned().collect()
    };
    assert!(errors(&sound).is_empty(), "{}", sound.sarif);

    let broken = Plan::sound().with(COMPOSE_FILE, "DB_HOST: database", "DB_HOST: databas");
    let told = of(&broken, "");
    assert_eq!(told.code, 1, "{}", told.said);
    assert!(told.summary.contains("addresses-named"), "{}", told.summary);
    let result = &errors(&told)[0];
    assert_eq!(result["ruleId"], "addresses-named", "{}", told.sarif);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], COMPOSE_FILE);
    let line = COMPOSE.lines().position(|line| line.contains("DB_HOST: database")).unwrap() + 1;
    assert_eq!(place["region"]["startLine"], line);

    let skipped = of(&broken, "--skip addresses-named");
    assert_eq!(skipped.code, 0, "{}", skipped.said);
    let refused = of(&broken, "--skip what-there-is-not");
    assert!(refused.code == 2 && refused.sarif.is_null(), "{}", refused.said);
    let nowhere = run(&[("folder", "/nowhere"), ("storemgr", program)]);
    assert_ne!(nowhere.code, 0);
}

const COMPOSE_FILE: &str = "ops/compose.yml";
