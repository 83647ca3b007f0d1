//! What `monitoring/` asks for against what the code exports, and the alerts against their tests and the runbook.
//!
//! That the rules do what they should is promtool's to say (`ops/test configuration`), and that the dashboard shows
//! something the running stack's (`ops/test containers`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use storemgr::metrics::{BACKUP_DECLARED, DECLARED, Declaration, FRONT_DECLARED, OF_THE_PROCESS};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// The words of a text that name a series: of the store, of its process, or recorded by a rule.
fn series(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    let words = words.map(|word| word.trim_matches(':'));
    let names = words.filter(|word| {
        word.starts_with("storemgr_")
            || word.starts_with("process_")
            || word.split(':').count() == 3 && word.contains('_')
    });
    names.map(str::to_owned).collect()
}

fn values(text: &str, key: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key));
    lines.map(|value| value.trim().to_owned()).collect()
}

fn is_exported(name: &str) -> bool {
    let parts = ["_bucket", "_sum", "_count"];
    let declared = DECLARED.iter().chain(BACKUP_DECLARED).chain(FRONT_DECLARED).any(|metric| {
        let rest = name.strip_prefix(metric.name);
        rest.is_some_and(|rest| if metric.kind == "histogram" { parts.contains(&rest) } else { rest.is_empty() })
    });
    declared || OF_THE_PROCESS.contains(&name)
}

#[test]
fn series_are_found_in_questions() {
    let text =
        "sum by (job) (rate(storemgr_orders_total{a=\"process\"}[5m])) / job:storemgr_x:ratio > process_open_fds";
    let expected = ["job:storemgr_x:ratio", "process_open_fds", "storemgr_orders_total"];
    assert_eq!(series(text).into_iter().collect::<Vec<_>>(), expected);
    assert!(is_exported("storemgr_http_request_duration_seconds_bucket"));
    assert!(!is_exported("storemgr_http_request_duration_seconds"), "a histogram has no series of its own name");
    assert!(!is_exported("storemgr_orders_total_bucket"));
}

#[test]
fn rules_and_dashboards_ask_only_for_what_there_is() {
    let mut recorded = Vec::new();
    for file in files("monitoring/rules") {
        recorded.extend(values(&std::fs::read_to_string(file).unwrap(), "record:"));
    }
    let mut asked = 0;
    for file in ["monitoring/rules", "monitoring/grafana/dashboards", "monitoring/tests"].into_iter().flat_map(files) {
        for name in series(&std::fs::read_to_string(&file).unwrap()) {
            assert!(is_exported(&name) || recorded.contains(&name), "{}: there is no {name}", file.display());
            asked += 1;
        }
    }
    assert!(asked > 30, "only {asked} series are asked for");
}

#[test]
fn every_alert_is_tested_and_has_its_page_in_the_runbook() {
    let rules = ["alerts", "surroundings"].map(|name| read(&format!("monitoring/rules/{name}.yml"))).concat();
    let alerts = values(&rules, "alert:");
    let pages = values(&rules, "runbook:");
    let all: usize = files("monitoring/rules")
        .iter()
        .map(|file| values(&std::fs::read_to_string(file).unwrap(), "alert:").len())
        .sum();
    assert_eq!(alerts.len(), all, "a further file of rules has alerts");
    let tests = files("monitoring/tests").into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    let tested: Vec<_> = tests.flat_map(|text| values(&text, "alertname:")).collect();
    let headings = values(&read("docs/runbook.md"), "## ");
    // What goes on slowly for days has the page of what goes on fast.
    let page_of = |alert: &str| alert.trim_end_matches("Persist").to_owned();
    let mut of_pages: Vec<_> = alerts.iter().map(|alert| page_of(alert)).collect();
    of_pages.dedup();
    assert_eq!(headings, of_pages, "the runbook's headings are the alerts, in their order");
    for (alert, page) in alerts.iter().zip(&pages) {
        assert_eq!(*page, format!("docs/runbook.md#{}", page_of(alert).to_lowercase()));
        assert!(tested.contains(alert), "no test in monitoring/tests makes {alert} fire");
    }
    assert_eq!(alerts.len(), pages.len());
}

#[test]
fn the_scripts_write_what_is_declared() {
    let lines = |script: &str, start: &str| -> Vec<String> {
        read(script).lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    };
    let all_are_written = |declared: &[Declaration], written: &[String]| {
        for metric in declared {
            let line = written.iter().find(|line| line.contains(&format!("{} ", metric.name)));
            let line = line.unwrap_or_else(|| panic!("nothing writes {}", metric.name));
            assert!(line.ends_with(&format!(" {}", metric.help)), "{line}");
        }
        assert_eq!(written.len(), declared.len(), "{written:?}");
    };
    all_are_written(BACKUP_DECLARED, &lines("ops/backup", "storemgr_backup_"));
    all_are_written(FRONT_DECLARED, &lines("ops/deploy", "# HELP storemgr_"));
}

#[test]
fn the_dashboard_asks_the_datasource_that_is_provisioned() {
    let provisioned = values(&read("monitoring/grafana/provisioning/datasources/prometheus.yml"), "uid:");
    for file in files("monitoring/grafana/dashboards") {
        let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for panel in dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row") {
            assert_eq!(panel["datasource"]["uid"], provisioned[0].as_str(), "{}", panel["title"]);
            assert_ne!(panel["targets"][0]["expr"], "", "{}", panel["title"]);
        }
    }
}
