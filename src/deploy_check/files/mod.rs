//! The files of a deployment, read once, before anything runs.
//!
//! A file that is not there leaves the checks that need it nothing to look at, unless somebody named it. One that is
//! there and cannot be read is told by `files-readable` alone; every other check skips it.

mod compose;
mod dashboards;
mod dockerfile;
mod interpolation;
mod nginx;
mod program;
mod prometheus;
mod questions;
mod rules;
mod usage;
mod variables;
mod workflows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use compose::{Compose, Health, Published, SecretSource, Service};
pub(super) use dashboards::Dashboard;
pub(super) use dockerfile::Dockerfile;
pub(super) use nginx::{Directive, Nginx, address};
pub(super) use program::{find, run};
pub(super) use prometheus::PrometheusConfig;
pub(super) use questions::{places, port_of, probe_ports_of, strangers};
pub(super) use rules::RuleFile;
pub(super) use usage::{Use, names_in};
pub(super) use variables::Variables;
pub use variables::bad_line;
pub(super) use workflows::Workflow;

use super::finding::Outcome;

/// Where a file or a folder is, and whether somebody said so.
#[derive(Clone, Debug)]
pub struct Location {
    /// The path.
    pub path: PathBuf,
    /// Whether it was named. One that was not may be missing.
    pub named: bool,
}

impl Location {
    /// The place named, or where such a file usually is.
    pub fn or_usual(named: Option<PathBuf>, usual: &str) -> Self {
        let is_named = named.is_some();
        Self { path: named.unwrap_or_else(|| PathBuf::from(usual)), named: is_named }
    }
}

/// Where the files of a deployment are.
#[derive(Clone, Debug)]
pub struct Locations {
    /// Variables and secrets for compose. `.example` after its name is the list of what it should hold.
    pub env_file: Location,
    /// The services.
    pub compose: Location,
    /// The folder that relative paths of the compose file start from; the compose file's own, unless named.
    pub project_directory: Option<PathBuf>,
    /// How the image is built.
    pub dockerfile: Location,
    /// nginx's configuration.
    pub nginx: Location,
    /// Prometheus's configuration.
    pub prometheus: Location,
    /// A folder of recording and alerting rules, or one file.
    pub rules: Location,
    /// A folder of Grafana dashboards, or one file.
    pub dashboards: Location,
    /// The folder of the workflows.
    pub workflows: Location,
    /// Variables of the shell that compose would run in; they win over the file's.
    pub environment: BTreeMap<String, String>,
}

/// A file of a deployment, as far as it could be read.
#[derive(Debug)]
pub(super) enum Document<T> {
    /// It is not there, and nobody said that it is.
    Absent(String),
    /// It is not there although it was named, or it is not what it should be: a sentence with the place.
    Unreadable(String),
    /// Read.
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

    /// The content, or the skip of a check that needs it.
    fn get(&self) -> Result<&T, Outcome> {
        match self {
            Self::Absent(sentence) => {
                Err(Outcome::skip(sentence.clone(), "name the file if it is elsewhere; see --help"))
            }
            Self::Unreadable(_) => Err(Outcome::skip("the file cannot be read", "see files-readable")),
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

/// The names of the alerts in a folder of rules, or in one file; none where it is not there or cannot be read.
pub fn alert_names(location: &Location) -> Vec<String> {
    let documents = documents(location, &["yml", "yaml"], RuleFile::parse);
    RuleFile::alerts(&readable(&documents).unwrap_or_default())
}

/// All files of a deployment.
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
    /// Reads everything that is there.
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

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.states().iter().all(|state| *state == Ok(false))
    }

    /// Of each file: read or not there, or why it cannot be read.
    pub(super) fn states(&self) -> Vec<Result<bool, &str>> {
        let mut states =
            vec![self.variables.state(), self.compose.state(), self.nginx.state(), self.prometheus.state()];
        states.extend(self.dockerfiles.iter().map(Document::state));
        states.extend(self.rules.iter().map(Document::state));
        states.extend(self.dashboards.iter().map(Document::state));
        states.extend(self.workflows.iter().map(Document::state));
        states
    }

    /// The services; a skip where some are not seen, which `files-readable` tells: whatever were said of the rest could
    /// be wrong.
    pub(super) fn compose(&self) -> Result<&Compose, Outcome> {
        let compose = self.compose.get()?;
        match &compose.unseen {
            None => Ok(compose),
            Some(_) => Err(Outcome::skip("the compose file is not seen whole", "see files-readable")),
        }
    }

    /// Why the compose file is not seen whole, if it is not.
    pub(super) fn unseen_services(&self) -> Option<String> {
        let unseen = self.compose.get().ok()?.unseen.as_ref()?;
        Some(format!("the compose file uses {unseen}, which nobody follows here"))
    }

    pub(super) fn nginx(&self) -> Result<&Nginx, Outcome> {
        self.nginx.get()
    }

    pub(super) fn prometheus(&self) -> Result<&PrometheusConfig, Outcome> {
        self.prometheus.get()
    }

    /// The files of rules; none where there are none, and a skip where one cannot be read.
    pub(super) fn rules(&self) -> Result<Vec<&RuleFile>, Outcome> {
        readable(&self.rules)
    }

    pub(super) fn dashboards(&self) -> Result<Vec<&Dashboard>, Outcome> {
        readable(&self.dashboards)
    }

    pub(super) fn workflows(&self) -> Result<Vec<&Workflow>, Outcome> {
        readable(&self.workflows)
    }

    pub(super) fn dockerfiles(&self) -> Result<Vec<&Dockerfile>, Outcome> {
        readable(&self.dockerfiles)
    }

    /// The instances of the store among the services.
    pub(super) fn instances(&self) -> Result<Vec<&Service>, Outcome> {
        let compose = self.compose()?;
        let instances: Vec<_> = compose.services.iter().filter(|service| self.is_instance(service)).collect();
        if instances.is_empty() {
            return Err(Outcome::skip("no service of the compose file runs `storemgr serve`", "see files-readable"));
        }
        Ok(instances)
    }

    /// Whether a service runs `storemgr serve`: it says so, or its image does.
    pub(super) fn is_instance(&self, service: &Service) -> bool {
        let words = service.words();
        if !words.is_empty() {
            return words.iter().any(|word| word == "serve");
        }
        self.dockerfile_of(service).is_some_and(|file| file.runs("serve"))
    }

    /// What the image of a service is built by, as far as it is known.
    pub(super) fn dockerfile_of(&self, service: &Service) -> Option<&Dockerfile> {
        let compose = self.compose().ok()?;
        let path = compose.dockerfile_of(service)?;
        self.dockerfiles().ok()?.into_iter().find(|file| same_file(&file.path, &path))
    }
}

/// All that are there, or the skip of a check that cannot do without the one that is not readable.
fn readable<T>(documents: &[Document<T>]) -> Result<Vec<&T>, Outcome> {
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

/// The files with these endings in a folder and below, or one file.
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
