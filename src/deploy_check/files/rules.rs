//! A Prometheus file of recording and alerting rules.

use std::path::{Path, PathBuf};

use super::yaml::{Node, document};
use crate::deploy_check::place::{Place, Problem};

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
    pub(in crate::deploy_check) place: Place,
}

impl RuleFile {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let document = document(path, text)?;
        let groups = document.get("groups").filter(|groups| groups.is_list());
        let groups = groups.ok_or_else(|| Problem::new(&Place::new(path, 0), "it has no rule groups"))?;
        let rules = groups.list().iter().flat_map(|group| group.get("rules").map(Node::list).unwrap_or_default());
        let rules = rules.map(|rule| {
            let alert = rule.get("alert").map(Node::string);
            Rule {
                is_alert: alert.is_some(),
                name: alert.unwrap_or_else(|| rule.field("record")),
                expression: rule.field("expr"),
                place: rule.get("expr").map_or_else(|| rule.place.clone(), |node| node.place.clone()),
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
