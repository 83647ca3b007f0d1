//! The files of a deployment, read once, before the checks start.
//!
//! If a file does not exist, the checks that need it are skipped, unless it was named on the command line. If it exists
//! and cannot be read, `files-readable` alone reports that, and every other check skips it.

mod compose;
mod dashboards;
mod dockerfile;
mod interpolation;
mod lookups;
mod nginx;
mod program;
mod prometheus;
mod rules;
mod usage;
mod variables;
mod workflows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use compose::{Compose, Health, Published, SecretSource, Service};
pub(super) use dashboards::Dashboard;
pub(super) use dockerfile::Dockerfile;
pub(super) use lookups::{places, port_of, probe_ports_of, wrong_addresses};
pub(super) use nginx::{Directive, Nginx, address};
pub(super) use program::{find, run};
pub(super) use prometheus::PrometheusConfig;
pub(super) use rules::RuleFile;
pub(super) use usage::{Use, names_in};
pub(super) use variables::Variables;
pub(super) use workflows::Workflow;

use super::finding::CheckOutcome;

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
    /// The compose file, which declares the services.
    pub compose: Location,
    /// The folder that relative paths in the compose file start from; `None` for the folder of that file.
    pub project_directory: Option<PathBuf>,
    /// The Dockerfile of the store's image.
    pub dockerfile: Location,
    /// `nginx.conf`, the configuration of the proxy in front of the instances.
    pub nginx: Location,
    /// `prometheus.yml`, with the scrape jobs.
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

/// The outcome of reading a file of a deployment.
#[derive(Debug)]
pub(super) enum Document<T> {
    /// It does not exist at its usual place, and it was not named; a sentence for the skip.
    Absent(String),
    /// It was named and does not exist, or it cannot be read or parsed; a sentence with the place.
    Unreadable(String),
    /// It was read and parsed.
    Read(T),
}

impl<T> Document<T> {
    fn load(location: &Location, parse: impl FnOnce(&Path, &str) -> Result<T, String>) -> Self {
        let path = &location.path;
        match std::fs::read_to_string(path) {
            Ok(text) => match parse(path, &text) {
                Ok(value) => Self::Read(value),
                Err(reason) => Self::Unreadable(format!("{}: {reason}", path.display())),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !location.named => {
                Self::Absent(format!("there is no {}", path.display()))
            }
            Err(error) => Self::Unreadable(format!("{}: {error}", path.display())),
        }
    }

    /// The content, or the outcome (a skip) of a check that needs it.
    fn get(&self) -> Result<&T, CheckOutcome> {
        match self {
            Self::Absent(sentence) => {
                Err(CheckOutcome::skip(sentence.clone(), "name the file if it is elsewhere; see --help"))
            }
            Self::Unreadable(_) => Err(CheckOutcome::skip("the file cannot be read", "see files-readable")),
            Self::Read(value) => Ok(value),
        }
    }

    fn state(&self) -> Result<bool, &str> {
        match self {
            Self::Absent(_) => Ok(false),
            Self::Unreadable(sentence) => Err(sentence),
            Self::Read(_) => Ok(true),
        }
    }
}

/// The names of the alerts in a folder of rules or a single file; empty if there is none or it cannot be read.
pub fn alert_names(location: &Location) -> Vec<String> {
    let documents = documents(location, &["yml", "yaml"], RuleFile::parse);
    RuleFile::alerts(&readable(&documents).unwrap_or_default())
}

/// All files of a deployment, as far as they exist.
#[derive(Debug)]
pub struct Files {
    variables: Document<Variables>,
    example: Document<Variables>,
    compose: Document<Compose>,
    dockerfiles: Vec<Document<Dockerfile>>,
    nginx: Document<Nginx>,
    prometheus: Document<PrometheusConfig>,
    rules: Vec<Document<RuleFile>>,
    dashboards: Vec<Document<Dashboard>>,
    workflows: Vec<Document<Workflow>>,
    pub(super) environment: BTreeMap<String, String>,
}

impl Files {
    /// Reads every file that exists at `locations`; a fault is kept with its file and does not stop the others.
    pub fn load(locations: &Locations) -> Self {
        let variables = Document::load(&locations.env_file, Variables::parse);
        let example = Location { path: beside(&locations.env_file.path, ".example"), named: false };
        let example = Document::load(&example, Variables::parse);
        let mut all = BTreeMap::new();
        if let Document::Read(variables) = &variables {
            all.extend(variables.values.clone());
        }
        all.extend(locations.environment.clone());
        let compose = Document::load(&locations.compose, |path, text| {
            Compose::parse(path, locations.project_directory.as_deref(), text, &all)
        });
        let mut dockerfiles = vec![locations.dockerfile.clone()];
        if let Document::Read(compose) = &compose {
            for path in compose.dockerfiles() {
                if dockerfiles.iter().all(|known| !same_file(&known.path, &path)) {
                    dockerfiles.push(Location { path, named: true });
                }
            }
        }
        Self {
            variables,
            example,
            compose,
            dockerfiles: dockerfiles.iter().map(|place| Document::load(place, Dockerfile::parse)).collect(),
            nginx: Document::load(&locations.nginx, Nginx::parse),
            prometheus: Document::load(&locations.prometheus, PrometheusConfig::parse),
            rules: documents(&locations.rules, &["yml", "yaml"], RuleFile::parse),
            dashboards: documents(&locations.dashboards, &["json"], Dashboard::parse),
            workflows: documents(&locations.workflows, &["yml", "yaml"], Workflow::parse),
            environment: locations.environment.clone(),
        }
    }

    /// Whether no file was found, so that there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.states().iter().all(|state| *state == Ok(false))
    }

    /// For each file whether it was read (false: it does not exist), or why it cannot be read.
    pub(super) fn states(&self) -> Vec<Result<bool, &str>> {
        let mut states =
            vec![self.variables.state(), self.compose.state(), self.nginx.state(), self.prometheus.state()];
        states.extend(self.dockerfiles.iter().map(Document::state));
        states.extend(self.rules.iter().map(Document::state));
        states.extend(self.dashboards.iter().map(Document::state));
        states.extend(self.workflows.iter().map(Document::state));
        states
    }

    /// The compose file. It is a skip if other files add to it, because a statement about the visible services could
    /// then be wrong; `files-readable` reports that.
    pub(super) fn compose(&self) -> Result<&Compose, CheckOutcome> {
        let compose = self.compose.get()?;
        match &compose.unseen {
            None => Ok(compose),
            Some(_) => Err(CheckOutcome::skip("the compose file is not complete by itself", "see files-readable")),
        }
    }

    /// Why the compose file is not complete by itself; `None` if it is.
    pub(super) fn unseen_services(&self) -> Option<String> {
        let unseen = self.compose.get().ok()?.unseen.as_ref()?;
        Some(format!("the compose file uses {unseen}, which deploy-check does not follow"))
    }

    pub(super) fn nginx(&self) -> Result<&Nginx, CheckOutcome> {
        self.nginx.get()
    }

    pub(super) fn prometheus(&self) -> Result<&PrometheusConfig, CheckOutcome> {
        self.prometheus.get()
    }

    /// The rule files, possibly none; a skip if one of them cannot be read.
    pub(super) fn rules(&self) -> Result<Vec<&RuleFile>, CheckOutcome> {
        readable(&self.rules)
    }

    pub(super) fn dashboards(&self) -> Result<Vec<&Dashboard>, CheckOutcome> {
        readable(&self.dashboards)
    }

    pub(super) fn workflows(&self) -> Result<Vec<&Workflow>, CheckOutcome> {
        readable(&self.workflows)
    }

    pub(super) fn dockerfiles(&self) -> Result<Vec<&Dockerfile>, CheckOutcome> {
        readable(&self.dockerfiles)
    }

    /// The services that are instances of the store; a skip if there are none.
    pub(super) fn instances(&self) -> Result<Vec<&Service>, CheckOutcome> {
        let compose = self.compose()?;
        let instances: Vec<_> = compose.services.iter().filter(|service| self.is_instance(service)).collect();
        if instances.is_empty() {
            return Err(CheckOutcome::skip(
                "no service of the compose file runs `storemgr serve`",
                "see files-readable",
            ));
        }
        Ok(instances)
    }

    /// Whether a service runs `storemgr serve`, by its own command or by that of its image.
    pub(super) fn is_instance(&self, service: &Service) -> bool {
        let words = service.words();
        if !words.is_empty() {
            return words.iter().any(|word| word == "serve");
        }
        self.dockerfile_of(service).is_some_and(|file| file.runs("serve"))
    }

    /// The Dockerfile that the image of a service is built from, if it was read.
    pub(super) fn dockerfile_of(&self, service: &Service) -> Option<&Dockerfile> {
        let compose = self.compose().ok()?;
        let path = compose.dockerfile_of(service)?;
        self.dockerfiles().ok()?.into_iter().find(|file| same_file(&file.path, &path))
    }
}

/// The contents of all files that exist; a skip if one of them cannot be read.
fn readable<T>(documents: &[Document<T>]) -> Result<Vec<&T>, CheckOutcome> {
    documents.iter().filter(|document| !matches!(document, Document::Absent(_))).map(Document::get).collect()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Reads the files with these extensions in a folder and its subfolders, or a single file.
fn documents<T>(
    location: &Location,
    endings: &[&str],
    parse: impl Fn(&Path, &str) -> Result<T, String>,
) -> Vec<Document<T>> {
    let mut paths = Vec::new();
    if location.path.is_dir() {
        collect(&location.path, endings, &mut paths);
        paths.sort();
    } else {
        paths.push(location.path.clone());
    }
    let named = location.named || location.path.is_dir();
    paths.into_iter().map(|path| Document::load(&Location { path, named }, &parse)).collect()
}

fn collect(folder: &Path, endings: &[&str], paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, endings, paths);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            paths.push(path);
        }
    }
}
