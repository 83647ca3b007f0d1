//! Where the files of a deployment are.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The path of a file or a folder, and whether it was named on the command line.
#[derive(Clone, Debug)]
pub struct Location {
    /// Relative paths start from the working directory.
    pub path: PathBuf,
    /// Whether it was named. A file at its usual place may be missing, a named one may not.
    pub named: bool,
}

impl Location {
    /// The named path, otherwise the usual one.
    pub fn or_usual(named: Option<PathBuf>, usual: &str) -> Self {
        let is_named = named.is_some();
        Self { path: named.unwrap_or_else(|| PathBuf::from(usual)), named: is_named }
    }
}

/// The paths of a deployment's files.
#[derive(Clone, Debug)]
pub struct Locations {
    /// `.env`, the variables and secrets for compose. The file with `.example` after its name lists what it should
    /// contain.
    pub env_file: Location,
    /// The compose files, each put on top of those before it.
    pub compose: Vec<Location>,
    /// The folder that relative paths in the compose files start from; `None` for the folder of the first file.
    pub project_directory: Option<PathBuf>,
    /// A Dockerfile besides those that the compose files name.
    pub dockerfile: Location,
    /// A configuration of nginx besides those that containers see.
    pub nginx: Location,
    /// `prometheus.yml`, with the scrape jobs, besides those that containers see.
    pub prometheus: Location,
    /// A folder of recording and alerting rules, or a single file.
    pub rules: Location,
    /// A folder of Grafana dashboards, or a single file.
    pub dashboards: Location,
    /// The folder of the GitHub workflows.
    pub workflows: Location,
    /// The variables of the shell that compose would run in; they take precedence over `.env`.
    pub environment: BTreeMap<String, String>,
}
