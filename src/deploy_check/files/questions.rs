//! What several checks ask of the files together.

use std::path::Path;

use super::compose::SecretSource;
use super::nginx::address;
use super::{Document, Files, Service};
use crate::deploy_check::defaults::{LISTEN, PROBE_LISTEN};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::secrets::is_secret;

impl Files {
    /// A variable as compose sees it: the shell's, else the file's.
    pub(in crate::deploy_check) fn variable(&self, name: &str) -> Option<&str> {
        let own = self.variables.read().and_then(|variables| variables.values.get(name));
        self.environment.get(name).or(own).map(String::as_str)
    }

    /// The variables of `.env`.
    pub(in crate::deploy_check) fn own_variables(&self) -> impl Iterator<Item = (&String, &String)> {
        self.variables.read().into_iter().flat_map(|variables| &variables.values)
    }

    /// Whether a text is what some variable holds whose name says that it is a secret, of the file or of the shell.
    pub(in crate::deploy_check) fn is_value_of_a_secret(&self, text: &str) -> bool {
        self.own_variables().chain(&self.environment).any(|(name, value)| is_secret(name) && value == text)
    }

    /// Where `.env` is, if it is there.
    pub(in crate::deploy_check) fn env_path(&self) -> Option<&Path> {
        self.variables.read().map(|variables| variables.path.as_path())
    }

    /// The names that `.env.example` lists.
    pub(in crate::deploy_check) fn example_names(&self) -> impl Iterator<Item = &str> {
        self.example.read().into_iter().flat_map(|example| example.values.keys().map(String::as_str))
    }

    /// Names of accounts, which are no passwords.
    pub(in crate::deploy_check) fn user_names(&self) -> Vec<&str> {
        let users = self.own_variables().filter(|(name, _)| name.contains("USER"));
        users.map(|(_, value)| value.as_str()).collect()
    }

    /// The database among the services: the one that instances name, else the one whose image is a database's.
    pub(in crate::deploy_check) fn database(&self) -> Result<&Service, Outcome> {
        self.server("DB_HOST", &["mysql", "mariadb", "percona", "percona-server"], "database")
    }

    /// Redis among the services, found in the same way.
    pub(in crate::deploy_check) fn redis(&self) -> Result<&Service, Outcome> {
        self.server("REDIS_HOST", &["redis", "valkey"], "Redis")
    }

    fn server(&self, variable: &str, images: &[&str], what: &str) -> Result<&Service, Outcome> {
        let compose = self.compose()?;
        let named = self.instances()?.into_iter().find_map(|one| compose.service(one.environment.get(variable)?));
        let by_image = || compose.services.iter().find(|service| images.contains(&service.image_name()));
        let skip =
            || Outcome::skip(format!("no service of the compose file is the {what}"), "it is checked when it runs");
        named.or_else(by_image).ok_or_else(skip)
    }

    /// The value that a service has for a variable, itself or by `NAME_FILE`; nothing when it cannot be known here.
    pub(in crate::deploy_check) fn secret(&self, service: &Service, name: &str) -> Option<String> {
        if let Some(value) = service.environment.get(name) {
            return Some(value.clone());
        }
        let place = service.environment.get(&format!("{name}_FILE"))?;
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let text = match place.strip_prefix("/run/secrets/") {
            Some(secret) => match self.compose().ok()?.secrets.get(secret)? {
                SecretSource::File(path) => read(path)?,
                SecretSource::Variable(variable) => self.variable(variable)?.to_owned(),
                SecretSource::External => return None,
            },
            None => service.mounts.iter().find(|(_, there)| there == place).and_then(|(here, _)| read(here))?,
        };
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl<T> Document<T> {
    fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent(_) | Self::Unreadable(_) => None,
        }
    }
}

/// The port that an instance listens on.
pub(in crate::deploy_check) fn port_of(instance: &Service) -> u16 {
    address(&LISTEN.of(instance)).map_or(0, |server| server.port)
}

/// The ports at which an instance answers whoever watches it.
pub(in crate::deploy_check) fn probe_ports_of(instance: &Service) -> Vec<u16> {
    let probes = address(&PROBE_LISTEN.of(instance)).map(|server| server.port);
    let probes = probes.filter(|_| !PROBE_LISTEN.of(instance).is_empty());
    [Some(port_of(instance)), probes].into_iter().flatten().collect()
}

/// Where the instances answer, for a sentence.
pub(in crate::deploy_check) fn places(instances: &[&Service]) -> String {
    let places = instances.iter().map(|one| format!("{}:{}", one.name, port_of(one)));
    places.collect::<Vec<_>>().join(", ")
}

/// What is wrong with a list of addresses that should be that of the instances, each at one of its `ports`. One that is not whole may miss some.
pub(in crate::deploy_check) fn strangers(
    instances: &[&Service],
    listed: &[(String, u16)],
    ports: impl Fn(&Service) -> Vec<u16>,
    who: &str,
    whole: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    // One that is misspelt is one fault and not two.
    let mut unknown = 0;
    for (host, port) in listed {
        // Docker's name for all containers of a service.
        let name = host.strip_prefix("tasks.").unwrap_or(host);
        match instances.iter().find(|one| one.answers_to(name)) {
            Some(instance) if ports(instance).contains(port) => {}
            Some(instance) => {
                wrong.push(format!("{who} asks {host}:{port}; {} listens on {}", instance.name, port_of(instance)));
            }
            None => {
                unknown += 1;
                wrong.push(format!("{who} asks {host}:{port}, which is no instance"));
            }
        }
    }
    let hosts: Vec<_> = listed.iter().map(|(host, _)| host.strip_prefix("tasks.").unwrap_or(host)).collect();
    let forgotten = instances.iter().filter(|one| !hosts.iter().any(|host| one.answers_to(host)));
    let forgotten: Vec<_> = forgotten.map(|one| format!("{who} does not know {}", one.name)).collect();
    if whole && forgotten.len() > unknown {
        wrong.extend(forgotten);
    }
    wrong
}
