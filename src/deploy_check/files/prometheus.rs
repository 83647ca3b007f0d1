//! `prometheus.yml`: the scrape jobs, the rule files, and whom alerts are sent to.

use std::path::{Path, PathBuf};

use super::paths::under;
use super::view::View;
use super::yaml::{Node, document};
use crate::deploy_check::place::{Place, Problem};

/// The parts of the configuration that checks use.
#[derive(Debug)]
pub(in crate::deploy_check) struct PrometheusConfig {
    pub(in crate::deploy_check) path: PathBuf,
    /// The service that reads it, and the path at which it does; `None` if that is not known.
    pub(in crate::deploy_check) service: Option<(String, String)>,
    /// Whether all files that its container sees are on this machine.
    pub(super) is_all_here: bool,
    pub(in crate::deploy_check) jobs: Vec<Job>,
    /// The names and patterns of the rule files.
    pub(in crate::deploy_check) rule_files: Vec<(String, Place)>,
    /// The addresses of Alertmanagers and of other databases that samples are sent to or read from.
    pub(in crate::deploy_check) others: Vec<Target>,
    /// Included files with further jobs, which are not read.
    elsewhere: Vec<String>,
}

#[derive(Debug)]
pub(in crate::deploy_check) struct Job {
    pub(in crate::deploy_check) name: String,
    pub(in crate::deploy_check) place: Place,
    /// The targets, each `host:port`, from `static_configs` and `dns_sd_configs`.
    pub(in crate::deploy_check) targets: Vec<Target>,
    /// Whether this file lists all targets; otherwise Prometheus discovers them by other means.
    pub(in crate::deploy_check) listed: bool,
}

/// An address and where it is written.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Target {
    pub(in crate::deploy_check) address: String,
    pub(in crate::deploy_check) place: Place,
}

impl PrometheusConfig {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let document = document(path, text)?;
        if !document.is_map() {
            return Err(Problem::new(&document.place, "it is not a mapping of settings"));
        }
        let jobs = list(&document, "scrape_configs").iter().map(job).collect();
        let elsewhere = list(&document, "scrape_config_files").iter().map(Node::string).collect();
        let rule_files = list(&document, "rule_files").iter().map(|item| (item.string(), item.place.clone())).collect();
        let mut others = Vec::new();
        for manager in document.at(&["alerting", "alertmanagers"]).map(Node::list).unwrap_or_default() {
            others.extend(targets(manager));
        }
        for key in ["remote_write", "remote_read"] {
            for item in list(&document, key) {
                let url = item.field("url");
                let authority =
                    url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned());
                let place = item.get("url").map_or_else(|| item.place.clone(), |node| node.place.clone());
                others.extend(authority.map(|address| Target { address, place }));
            }
        }
        Ok(Self { path: path.to_owned(), service: None, is_all_here: false, jobs, rule_files, others, elsewhere })
    }

    /// A phrase with the included files of jobs, which are not read; `None` if there are none.
    pub(in crate::deploy_check) fn unseen(&self) -> Option<String> {
        let files = self.elsewhere.join(", ");
        (!files.is_empty()).then(|| format!("the jobs of {files}, which {} includes", self.path.display()))
    }

    /// The rule files that a name or a pattern stands for; `None` if that cannot be told from here, because it names a place
    /// of which no file is on this machine.
    pub(in crate::deploy_check) fn rules_of(&self, pattern: &str, view: Option<&View>) -> Option<Vec<PathBuf>> {
        let own = Path::new(self.service.as_ref().map_or("", |(_, inside)| inside)).parent()?;
        let whole = under(own, pattern).display().to_string();
        let view = view?;
        let fixed = whole.split(['*', '?', '[']).next().unwrap_or_default();
        let folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
        let known = view.shows(folder) || view.shows(&own.display().to_string()) && Path::new(folder).starts_with(own);
        (known || self.is_all_here).then(|| view.matching(&whole).into_iter().map(|(_, path)| path).collect())
    }
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::list).unwrap_or_default()
}

fn targets(node: &Node) -> Vec<Target> {
    let listed = list(node, "static_configs").iter().flat_map(|group| list(group, "targets"));
    let mut targets: Vec<_> = listed.map(|item| Target { address: item.string(), place: item.place.clone() }).collect();
    for lookup in list(node, "dns_sd_configs") {
        let port = lookup.field("port");
        let port = if port.is_empty() { String::new() } else { format!(":{port}") };
        let names = list(lookup, "names").iter();
        targets.extend(
            names.map(|name| Target { address: format!("{}{port}", name.string()), place: name.place.clone() }),
        );
    }
    targets
}

fn job(node: &Node) -> Job {
    let mut targets = targets(node);
    let found = node.entries().iter().any(|entry| entry.key.ends_with("_sd_configs") && entry.key != "dns_sd_configs");
    let mut listed = !found;
    for rule in list(node, "relabel_configs") {
        let target = rule.get("target_label");
        if target.is_some_and(|target| target.string() == "__address__") {
            // Prometheus asks the address that is written here, or one that is not known.
            listed = false;
            let replacement = rule.get("replacement");
            targets = replacement
                .filter(|text| !text.string().contains('$') && !text.string().is_empty())
                .map(|text| Target { address: text.string(), place: text.place.clone() })
                .into_iter()
                .collect();
        } else if rule.field("action") == "drop" || rule.field("action") == "keep" {
            listed = false;
        }
    }
    Job { name: node.field("job_name"), place: node.place.clone(), targets, listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_from_lists_and_look_ups() {
        let text = "scrape_configs:\n- job_name: storemgr\n  static_configs: [{targets: [a:1, b:2]}]\n\
                    - job_name: other\n  dns_sd_configs: [{names: [tasks.c], type: A, port: 3}]\n  file_sd_configs: []\n\
                    - job_name: probe\n  static_configs: [{targets: ['https://x.example']}]\n  relabel_configs:\n  \
                    - {source_labels: [__address__], target_label: __param_target}\n  \
                    - {target_label: __address__, replacement: 'blackbox:9115'}\n";
        let config = PrometheusConfig::parse(Path::new("prometheus.yml"), text).unwrap();
        let addresses =
            |job: usize| config.jobs[job].targets.iter().map(|one| one.address.as_str()).collect::<Vec<_>>();
        assert_eq!(addresses(0), ["a:1", "b:2"]);
        assert_eq!((addresses(1), config.jobs[1].listed), (vec!["tasks.c:3"], false));
        assert_eq!(addresses(2), ["blackbox:9115"]);
        assert_eq!(config.jobs[0].targets[1].place.line, 3);
        assert_eq!(config.unseen(), None);
        let more = PrometheusConfig::parse(Path::new("p"), "scrape_config_files: [jobs/*.yml]").unwrap();
        assert_eq!(more.unseen().unwrap(), "the jobs of jobs/*.yml, which p includes");
        assert!(PrometheusConfig::parse(Path::new("p"), "just words").is_err());
    }
}
