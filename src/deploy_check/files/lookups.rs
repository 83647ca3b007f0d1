//! Look-ups across the files that several checks share.

use std::path::Path;

use super::compose::SecretSource;
use super::nginx::address;
use super::{Document, Files, Service};
use crate::deploy_check::defaults::{LISTEN, PROBE_LISTEN};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::secrets::is_secret;

impl Files {
    /// A variable as compose sees it: from the shell, otherwise from `.env`.
    pub(in crate::deploy_check) fn variable(&self, name: &str) -> Option<&str> {
        let own = self.variables.read().and_then(|variables| variables.values.get(name));
        self.environment.get(name).or(own).map(String::as_str)
    }

    /// The names and values in `.env`.
    pub(in crate::deploy_check) fn own_variables(&self) -> impl Iterator<Item = (&String, &String)> {
        self.variables.read().into_iter().flat_map(|variables| &variables.values)
    }

    /// Whether a text is the value of a variable, of `.env` or the shell, whose name says that it is a secret.
    pub(in crate::deploy_check) fn is_value_of_a_secret(&self, text: &str) -> bool {
        self.own_variables().chain(&self.environment).any(|(name, value)| is_secret(name) && value == text)
    }

    /// The path of `.env`; `None` if there is none or it cannot be read.
    pub(in crate::deploy_check) fn env_path(&self) -> Option<&Path> {
        self.variables.read().map(|variables| variables.path.as_path())
    }

    /// The names of the variables in `.env.example`.
    pub(in crate::deploy_check) fn example_names(&self) -> impl Iterator<Item = &str> {
        self.example.read().into_iter().flat_map(|example| example.values.keys().map(String::as_str))
    }

    /// The names of accounts, which must not serve as passwords.
    pub(in crate::deploy_check) fn user_names(&self) -> Vec<&str> {
        let users = self.own_variables().filter(|(name, _)| name.contains("USER"));
        users.map(|(_, value)| value.as_str()).collect()
    }

    /// The database service: the one that the instances name, otherwise the one that runs a database's image.
    pub(in crate::deploy_check) fn database(&self) -> Result<&Service, CheckOutcome> {
        self.server("DB_HOST", &["mysql", "mariadb", "percona", "percona-server"], "database")
    }

    /// The Redis service, found in the same way.
    pub(in crate::deploy_check) fn redis(&self) -> Result<&Service, CheckOutcome> {
        self.server("REDIS_HOST", &["redis", "valkey"], "Redis")
    }

    fn server(&self, variable: &str, images: &[&str], what: &str) -> Result<&Service, CheckOutcome> {
        let compose = self.compose()?;
        let named = self.instances()?.into_iter().find_map(|one| compose.service(one.environment.get(variable)?));
        let by_image = || compose.services.iter().find(|service| images.contains(&service.image_name()));
        let skip = || {
            CheckOutcome::skip(
                format!("no service of the compose file is the {what}"),
                "deploy-check --after checks it when it runs",
            )
        };
        named.or_else(by_image).ok_or_else(skip)
    }

    /// The value of a service's variable, set directly or by `NAME_FILE`; `None` if it cannot be known from the files.
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

/// The port that an instance is configured to listen on.
pub(in crate::deploy_check) fn port_of(instance: &Service) -> u16 {
    address(&LISTEN.of(instance)).map_or(0, |server| server.port)
}

/// The ports at which an instance answers whoever watches it.
pub(in crate::deploy_check) fn probe_ports_of(instance: &Service) -> Vec<u16> {
    let probes = address(&PROBE_LISTEN.of(instance)).map(|server| server.port);
    let probes = probes.filter(|_| !PROBE_LISTEN.of(instance).is_empty());
    [Some(port_of(instance)), probes].into_iter().flatten().collect()
}

/// The addresses of the instances in one text, such as `serve-1:5000, serve-2:5000`.
pub(in crate::deploy_check) fn places(instances: &[&Service]) -> String {
    let places = instances.iter().map(|one| format!("{}:{}", one.name, port_of(one)));
    places.collect::<Vec<_>>().join(", ")
}

/// Sentences for what is wrong with a list of addresses that should be those of the instances. A list that was not read
/// completely may lack some of them. `ports` gives the ports at which an instance may be asked.
pub(in crate::deploy_check) fn wrong_addresses(
    instances: &[&Service],
    listed: &[(String, u16)],
    ports: impl Fn(&Service) -> Vec<u16>,
    who: &str,
    whole: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    // A misspelt name is one fault, not an unknown and a missing instance.
    let mut unknown = 0;
    for (host, port) in listed {
        // In Docker, `tasks.NAME` resolves to all containers of a service.
        let name = host.strip_prefix("tasks.").unwrap_or(host);
        match instances.iter().find(|one| one.answers_to(name)) {
            Some(instance) if ports(instance).contains(port) => {}
            Some(instance) => {
                wrong.push(format!("{who} asks {host}:{port}; {} listens on {}", instance.name, port_of(instance)));
            }
            None => {
                unknown += 1;
                wrong.push(format!("{who} asks {host}:{port}, which is not an instance"));
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
