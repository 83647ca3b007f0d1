//! A compose project: the parts of the compose specification (<https://github.com/compose-spec/compose-spec>) that checks
//! use.

mod load;
mod merge;
mod mounts;
mod options;
mod ports;
mod refused;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(in crate::deploy_check) use mounts::{Mount, Source};
pub(super) use options::split;
pub(in crate::deploy_check) use ports::Published;
pub(in crate::deploy_check) use service::{Build, Health, Service};

use self::load::{Loader, Project};
use super::interpolation::Reference;
use super::paths::{under, whole};
use super::yaml::Node;
use crate::deploy_check::place::{Place, Problem};

/// A compose project: its services, and the variables and secrets that it refers to.
#[derive(Debug)]
pub(in crate::deploy_check) struct Compose {
    /// The name of the project, which compose writes into the label of its containers.
    pub(in crate::deploy_check) project: String,
    pub(in crate::deploy_check) services: Vec<Service>,
    /// Each variable that the files refer to, once.
    pub(in crate::deploy_check) references: Vec<Reference>,
    /// What it takes from files that are not on this machine; `None` if nothing.
    pub(in crate::deploy_check) unseen: Option<String>,
    /// Whether a file that it names is missing, so that it is not known what else is in it.
    pub(in crate::deploy_check) incomplete: bool,
    pub(in crate::deploy_check) secrets: BTreeMap<String, SecretSource>,
    pub(in crate::deploy_check) configs: BTreeMap<String, SecretSource>,
    /// Whether `x-accounts` says who makes accounts that no image makes.
    pub(in crate::deploy_check) further_accounts: bool,
    /// What compose itself refuses.
    pub(in crate::deploy_check) refused: Vec<Problem>,
    /// The files that were read, the first one first.
    pub(in crate::deploy_check) files: Vec<PathBuf>,
    /// The folder that relative paths start from.
    pub(in crate::deploy_check) directory: PathBuf,
}

/// The source of a secret or a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum SecretSource {
    File(PathBuf),
    Variable(String),
    /// Written in the compose file itself.
    Text(String),
    /// Created outside of this project, so its value is not known here.
    External,
}

impl Compose {
    /// Reads the files of a project on top of each other.
    pub(super) fn read(
        files: &[PathBuf],
        directory: Option<&Path>,
        values: &BTreeMap<String, String>,
    ) -> Result<Self, Problem> {
        let first = files.first().map_or(Path::new(""), PathBuf::as_path);
        let own = first.parent().unwrap_or(Path::new(""));
        let directory = directory.unwrap_or(own);
        let mut values = values.clone();
        let asked = values.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).cloned();
        let project = asked.clone().unwrap_or_else(|| folder_name(directory));
        values.entry("COMPOSE_PROJECT_NAME".to_owned()).or_insert_with(|| project.clone());
        let mut loader = Loader::default();
        let document = loader.project(Project { files, directory, values: &values }, 0)?;
        let named = Some(document.field("name")).filter(|name| !name.is_empty());
        let start = Place::new(first, 0);
        let services = document.get("services").filter(|services| services.is_map());
        if services.is_none_or(|services| services.entries().is_empty())
            && loader.unseen.is_empty()
            && !loader.incomplete
        {
            return Err(Problem::new(&start, "it has no services"));
        }
        loader.refused.extend(refused::problems(&document, directory));
        let entries = services.map(Node::entries).unwrap_or_default();
        let active = active_profiles(&values);
        let shared_networks = shared(document.get("networks"));
        let mut read = Vec::new();
        for entry in entries.iter().filter(|entry| entry.value.is_map()) {
            let mut service = service::read(entry, directory, &values, &mut loader.refused)?;
            service.active = service.profiles.is_empty()
                || service.profiles.iter().any(|one| active.contains(one) || active.contains("*"));
            service.on_shared_network = service.networks.iter().any(|network| shared_networks.contains(network));
            read.push(service);
        }
        let Loader { mut references, refused, unseen, files, incomplete } = loader;
        references.sort();
        references.dedup();
        Ok(Self {
            project: asked.or(named).unwrap_or(project),
            services: read,
            references,
            incomplete,
            unseen: (!unseen.is_empty()).then(|| unseen.join(", ")),
            secrets: sources(document.get("secrets"), directory),
            configs: sources(document.get("configs"), directory),
            further_accounts: document.get("x-accounts").is_some(),
            refused,
            files,
            directory: directory.to_owned(),
        })
    }

    /// The service that other services reach by this name.
    pub(in crate::deploy_check) fn service(&self, name: &str) -> Option<&Service> {
        let exact = self.services.iter().find(|service| service.answers_to(name));
        exact.or_else(|| self.services.iter().find(|service| service.container_is(name, &self.project)))
    }

    /// The service that `from` reaches by this name: also one that only `from` has another name for.
    pub(in crate::deploy_check) fn service_for(&self, from: &Service, name: &str) -> Option<&Service> {
        let linked = from.links.iter().find(|(_, alias)| alias == name).map(|(service, _)| service.as_str());
        self.service(linked.unwrap_or(name))
    }

    /// How the image of a service is built: by itself, or by a service with the same image.
    pub(in crate::deploy_check) fn build_of<'a>(&'a self, service: &'a Service) -> Option<&'a Build> {
        if service.build.is_some() {
            return service.build.as_ref();
        }
        let image = service.image.as_ref()?;
        self.services.iter().filter(|other| other.image.as_ref() == Some(image)).find_map(|other| other.build.as_ref())
    }

    /// Whether a service is meant to end: another service waits for its end, it sets `restart: no`, or it has a profile
    /// and does not set `restart`.
    pub(in crate::deploy_check) fn is_one_shot(&self, service: &Service) -> bool {
        let awaited = |other: &Service| {
            other.depends_on.get(&service.name).is_some_and(|what| what == "service_completed_successfully")
        };
        let by_name_alone = !service.profiles.is_empty() && service.restart.is_empty();
        service.restart == "no" || by_name_alone || self.services.iter().any(awaited)
    }

    /// Whether containers of both services are on a network in common. Where one uses the network of another service, or
    /// of the machine, it is not known and counts as yes.
    pub(in crate::deploy_check) fn share_network(one: &Service, other: &Service) -> bool {
        if one.name == other.name {
            return true;
        }
        let own = |service: &Service| !service.network_mode.is_empty();
        own(one) || own(other) || one.networks.iter().any(|network| other.networks.contains(network))
    }
}

/// The name that compose gives to a project whose files have none: that of the folder, in lower case.
fn folder_name(directory: &Path) -> String {
    let folder = whole(directory).canonicalize().ok();
    let folder = folder.and_then(|path| Some(path.file_name()?.to_string_lossy().to_lowercase()));
    let name: String =
        folder.unwrap_or_default().chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    name.trim_start_matches(['_', '-']).to_owned()
}

fn active_profiles(values: &BTreeMap<String, String>) -> BTreeSet<String> {
    let named = values.get("COMPOSE_PROFILES").map(String::as_str).unwrap_or_default();
    named.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The networks that are created outside of this project: `external: true`, or the older `external: {name: …}`.
fn shared(networks: Option<&Node>) -> BTreeSet<String> {
    let external = |node: &Node| node.get("external").is_some_and(|value| value.is_true() || value.is_map());
    let entries = networks.map(Node::entries).unwrap_or_default();
    entries.iter().filter(|entry| external(&entry.value)).map(|entry| entry.key.clone()).collect()
}

fn sources(node: Option<&Node>, directory: &Path) -> BTreeMap<String, SecretSource> {
    let source = |node: &Node| {
        let (file, variable) = (node.field("file"), node.field("environment"));
        if !file.is_empty() {
            SecretSource::File(under(directory, &file))
        } else if !variable.is_empty() {
            SecretSource::Variable(variable)
        } else if node.get("content").is_some() {
            SecretSource::Text(node.field("content"))
        } else {
            SecretSource::External
        }
    };
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| (entry.key.clone(), source(&entry.value))).collect()
}
