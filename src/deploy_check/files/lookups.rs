//! Look-ups across the files that several checks share.

use std::path::Path;

use super::collect::Files;
use super::compose::{SecretSource, Service};
use super::dockerfile::Stage;
use super::image::{Store, ports_of, store_of};
use super::nginx::address;
use super::text::read_text;
use crate::deploy_check::defaults::{LISTEN, PROBE_LISTEN};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::place::Place;
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

    /// Where a variable stands in `.env`; the file as a whole, if it does not.
    pub(in crate::deploy_check) fn place_in_env(&self, name: &str) -> Option<Place> {
        let variables = self.variables.read()?;
        Some(Place::new(&variables.path, variables.lines.get(name).copied().unwrap_or_default()))
    }

    /// The names of the variables in `.env.example`.
    pub(in crate::deploy_check) fn example_names(&self) -> impl Iterator<Item = &str> {
        self.example.read().into_iter().flat_map(|example| example.values.keys().map(String::as_str))
    }

    /// The names of accounts, which must not serve as passwords.
    pub(in crate::deploy_check) fn user_names(&self) -> Vec<&str> {
        let names_account = |name: &str| {
            let name = name.to_ascii_uppercase();
            name.contains("USER") && !is_secret(&name)
        };
        self.own_variables()
            .filter(|(name, value)| names_account(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The services that are instances of the store; a skip if there are none.
    pub(in crate::deploy_check) fn instances(&self) -> Result<Vec<&Service>, CheckOutcome> {
        let compose = self.compose()?;
        let instances: Vec<_> = compose.services.iter().filter(|service| self.is_instance(service)).collect();
        if instances.is_empty() {
            return Err(CheckOutcome::skip("no service of the compose file runs `storemgr serve`", "nothing to do"));
        }
        Ok(instances)
    }

    /// Whether a service runs `storemgr serve`: by its program, its image, or the variables that only the store has.
    pub(in crate::deploy_check) fn is_instance(&self, service: &Service) -> bool {
        let own = service.words();
        let of_image = self.stage_of(service).map(Stage::words).unwrap_or_default();
        let serves = if own.is_empty() { &of_image } else { &own }.iter().any(|word| word == "serve");
        let is_program = |word: &String| word.rsplit('/').next() == Some("storemgr");
        let program = own.iter().chain(&of_image).any(is_program) || service.image_name().contains("storemgr");
        let variables = service.environment.keys().any(|name| name.starts_with("STOREMGR_"));
        let other =
            own.first().is_some_and(|word| word != "serve" && !is_program(word) && service.entrypoint.is_empty());
        serves && (program || variables) && !other
    }

    /// The database service: the one that the instances name, otherwise the one that runs a database's image.
    pub(in crate::deploy_check) fn database(&self) -> Result<&Service, CheckOutcome> {
        self.server("DB_HOST", Store::MySql, "database")
    }

    /// The Redis service, found in the same way.
    pub(in crate::deploy_check) fn redis(&self) -> Result<&Service, CheckOutcome> {
        self.server("REDIS_HOST", Store::Redis, "Redis")
    }

    fn server(&self, variable: &str, store: Store, what: &str) -> Result<&Service, CheckOutcome> {
        let compose = self.compose()?;
        // The first of a list that is a service; the others are held to be like it.
        let of_list =
            |hosts: &String| hosts.split(',').find_map(|host| compose.service(host.trim().split(':').next()?));
        let named = self.instances()?.into_iter().filter_map(|one| one.environment.get(variable)).find_map(of_list);
        let by_image = || compose.services.iter().find(|service| store_of(service) == Some(store));
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
        let read = |path: &Path| read_text(path).ok();
        let text = match place.strip_prefix("/run/secrets/") {
            Some(secret) => match self.compose().ok()?.secrets.get(secret)? {
                SecretSource::File(path) => read(path)?,
                SecretSource::Variable(variable) => self.variable(variable)?.to_owned(),
                SecretSource::Text(text) => text.clone(),
                SecretSource::External => return None,
            },
            None => service.mounts.iter().find(|mount| mount.target == *place).and_then(|mount| read(mount.path()?))?,
        };
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The ports that a service listens on; `None` if they are not known.
    pub(in crate::deploy_check) fn listening(&self, service: &Service) -> Option<Vec<u16>> {
        if self.is_instance(service) {
            return Some(probe_ports_of(service));
        }
        let configurations = self.nginx().unwrap_or_default();
        if let Some(nginx) = configurations.iter().find(|one| one.service.as_deref() == Some(&service.name)) {
            // A file that is included and not here may name further ports.
            return nginx.unseen().is_none().then(|| nginx.ports()).filter(|ports| !ports.is_empty());
        }
        if service.build.is_none()
            && let Some(ports) = ports_of(service)
        {
            return Some(ports);
        }
        let stage = self.stage_of(service).filter(|stage| !stage.exposed.is_empty())?;
        let mut ports = stage.exposed.clone();
        ports.extend(&service.exposed);
        // A program may be told another port than the one that its image was made for.
        let numbers = |text: &str| -> Vec<u16> {
            let digits = text.split(|character: char| !character.is_ascii_digit());
            digits.filter_map(|part| part.parse().ok()).collect()
        };
        ports.extend(service.words().iter().chain(&stage.words()).flat_map(|word| numbers(word)));
        let named = service
            .environment
            .iter()
            .filter(|(name, _)| name.ends_with("PORT") || name.contains("LISTEN") || name.contains("BIND"));
        ports.extend(named.flat_map(|(_, value)| numbers(value)));
        Some(ports)
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
