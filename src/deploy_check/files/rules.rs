//! A Prometheus file of recording and alerting rules.

use std::path::{Path, PathBuf};

use yaml_serde::Value;

use super::compose::text_of;

#[derive(Debug)]
pub(in crate::deploy_check) struct RuleFile {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) rules: Vec<Rule>,
}

#[derive(Debug)]
pub(in crate::deploy_check) struct Rule {
    /// The name of the recorded metric or of the alert.
    pub(in crate::deploy_check) name: String,
    pub(in crate::deploy_check) is_alert: bool,
    pub(in crate::deploy_check) expression: String,
}

impl RuleFile {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let document: Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
        let groups = document.get("groups").and_then(Value::as_sequence).ok_or("it has no rule groups")?;
        let rules = groups.iter().filter_map(|group| group.get("rules").and_then(Value::as_sequence)).flatten();
        let rules = rules.map(|rule| {
            let alert = rule.get("alert").map(text_of);
            Rule {
                is_alert: alert.is_some(),
                name: alert.or_else(|| rule.get("record").map(text_of)).unwrap_or_default(),
                expression: rule.get("expr").map(text_of).unwrap_or_default(),
            }
        });
        Ok(Self { path: path.to_owned(), rules: rules.collect() })
    }

    /// The names of the alerts in these files, each once.
    pub(in crate::deploy_check) fn alerts(files: &[&Self]) -> Vec<String> {
        let alerts = files.iter().flat_map(|file| &file.rules).filter(|rule| rule.is_alert);
        let mut names: Vec<_> = alerts.map(|rule| rule.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}
