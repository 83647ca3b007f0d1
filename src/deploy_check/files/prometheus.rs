//! `prometheus.yml`: the scrape jobs.

use std::path::{Path, PathBuf};

use yaml_serde::Value;

use super::compose::text_of;

/// The parts of the configuration that checks use.
#[derive(Debug)]
pub(in crate::deploy_check) struct PrometheusConfig {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) jobs: Vec<Job>,
    /// Included files with further jobs, which are not read.
    elsewhere: Vec<String>,
}

#[derive(Debug)]
pub(in crate::deploy_check) struct Job {
    pub(in crate::deploy_check) name: String,
    /// The targets, each `host:port`, from `static_configs` and `dns_sd_configs`.
    pub(in crate::deploy_check) targets: Vec<String>,
    /// Whether this file lists all targets; otherwise Prometheus discovers them by other means.
    pub(in crate::deploy_check) listed: bool,
}

impl PrometheusConfig {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut document: Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
        document.apply_merge().map_err(|error| error.to_string())?;
        if !document.is_mapping() {
            return Err("it is not a mapping of settings".to_owned());
        }
        let jobs = sequence(document.get("scrape_configs")).map(job).collect();
        let elsewhere = sequence(document.get("scrape_config_files")).map(text_of).collect();
        Ok(Self { path: path.to_owned(), jobs, elsewhere })
    }

    /// A phrase with the included files of jobs, which are not read; `None` if there are none.
    pub(in crate::deploy_check) fn unseen(&self) -> Option<String> {
        let files = self.elsewhere.join(", ");
        (!files.is_empty()).then(|| format!("the jobs of {files}, which {} includes", self.path.display()))
    }
}

fn sequence(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_sequence).into_iter().flatten()
}

fn job(value: &Value) -> Job {
    let name = value.get("job_name").map(text_of).unwrap_or_default();
    let groups = sequence(value.get("static_configs")).flat_map(|group| sequence(group.get("targets")));
    let mut targets: Vec<String> = groups.map(text_of).collect();
    for lookup in sequence(value.get("dns_sd_configs")) {
        let port = lookup.get("port").map(text_of).unwrap_or_default();
        targets.extend(sequence(lookup.get("names")).map(|name| format!("{}:{port}", text_of(name))));
    }
    let found = ["file_sd_configs", "http_sd_configs", "docker_sd_configs", "dockerswarm_sd_configs"];
    let listed = !found.iter().any(|kind| value.get(kind).is_some());
    Job { name, targets, listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_from_lists_and_look_ups() {
        let text = "scrape_configs:\n- job_name: storemgr\n  static_configs: [{targets: [a:1, b:2]}]\n\
                    - job_name: other\n  dns_sd_configs: [{names: [tasks.c], type: A, port: 3}]\n  file_sd_configs: []\n";
        let config = PrometheusConfig::parse(Path::new("prometheus.yml"), text).unwrap();
        assert_eq!(config.jobs[0].targets, ["a:1", "b:2"]);
        assert_eq!((config.jobs[1].targets[0].as_str(), config.jobs[1].listed), ("tasks.c:3", false));
        assert_eq!(config.unseen(), None);
        let more = PrometheusConfig::parse(Path::new("p"), "scrape_config_files: [jobs/*.yml]").unwrap();
        assert_eq!(more.unseen().unwrap(), "the jobs of jobs/*.yml, which p includes");
        assert!(PrometheusConfig::parse(Path::new("p"), "just words").is_err());
    }
}
