//! `compose.yml`: the parts of the compose specification (<https://github.com/compose-spec/compose-spec>) that checks
//! use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use yaml_serde::{Mapping, Value};

use super::interpolation::{Reference, interpolate};
use crate::units;

/// The default of `stop_grace_period`: the time between SIGTERM and SIGKILL (compose specification).
const GRACE: Duration = Duration::from_secs(10);

/// A compose file: its services, and the variables and secrets that it refers to.
#[derive(Debug)]
pub(in crate::deploy_check) struct Compose {
    /// The name of the project, which compose writes into the label of its containers.
    pub(in crate::deploy_check) project: String,
    pub(in crate::deploy_check) services: Vec<Service>,
    /// Each variable that the file refers to, once.
    pub(in crate::deploy_check) references: Vec<Reference>,
    /// The keys (`include`, `extends`) by which it takes content from files that are not read; `None` if it has none.
    pub(super) unseen: Option<String>,
    pub(in crate::deploy_check) secrets: BTreeMap<String, SecretSource>,
}

/// The source of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum SecretSource {
    File(PathBuf),
    Variable(String),
    /// Created outside of this file, so its value is not known here.
    External,
}

/// Whether a service has a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum Health {
    /// The compose file has none; the image may have one.
    Unsaid,
    Checked,
    /// The compose file switches the image's check off.
    Off,
}

/// A port of the machine that is forwarded to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Published {
    /// The address of the machine that it is bound to; empty for all.
    pub(in crate::deploy_check) address: String,
    pub(in crate::deploy_check) port: u16,
    /// The port in the container.
    pub(in crate::deploy_check) inside: u16,
}

#[derive(Debug)]
pub(in crate::deploy_check) struct Service {
    pub(in crate::deploy_check) name: String,
    pub(in crate::deploy_check) image: Option<String>,
    /// The Dockerfile that its image is built from, if it is built here.
    pub(in crate::deploy_check) dockerfile: Option<PathBuf>,
    pub(in crate::deploy_check) command: Vec<String>,
    pub(in crate::deploy_check) entrypoint: Vec<String>,
    pub(in crate::deploy_check) environment: BTreeMap<String, String>,
    pub(in crate::deploy_check) published: Vec<Published>,
    pub(in crate::deploy_check) health: Health,
    /// The services that it waits for, each with the condition, such as `service_healthy`.
    pub(in crate::deploy_check) depends_on: BTreeMap<String, String>,
    /// The value of `restart`; empty if it is not set.
    pub(in crate::deploy_check) restart: String,
    pub(in crate::deploy_check) profiles: Vec<String>,
    pub(in crate::deploy_check) replicas: u64,
    pub(in crate::deploy_check) stop_grace: Duration,
    /// The memory limit as written, such as `64m`; empty for no limit.
    pub(in crate::deploy_check) memory_limit: String,
    /// Mounted files and folders: the path on the machine, and the path in the container.
    pub(in crate::deploy_check) mounts: Vec<(PathBuf, String)>,
    /// Whether it uses the machine's own network.
    pub(in crate::deploy_check) on_host: bool,
    /// Whether it is on a network that is created elsewhere and that other containers may share.
    pub(in crate::deploy_check) on_shared_network: bool,
    networks: Vec<String>,
    /// Its further names on its networks.
    pub(in crate::deploy_check) aliases: Vec<String>,
}

impl Service {
    /// The words of its entry point and command.
    pub(in crate::deploy_check) fn words(&self) -> Vec<String> {
        self.entrypoint.iter().chain(&self.command).cloned().collect()
    }

    /// The value of a setting: from a flag of the command, otherwise from a variable; `None` if neither is set.
    pub(in crate::deploy_check) fn setting(&self, flag: &str, variable: &str) -> Option<String> {
        let value = option_in(&self.words(), flag);
        value.or_else(|| self.environment.get(variable).filter(|value| !value.is_empty()).cloned())
    }

    /// The value of a server's option: from the command, where `_` and `-` mean the same, otherwise from an option file
    /// that is mounted.
    pub(in crate::deploy_check) fn server_option(&self, name: &str) -> Option<String> {
        let words: Vec<_> = self.words().iter().map(|word| underscored(word)).collect();
        if let Some(value) = option_in(&words, &underscored(&format!("--{name}"))) {
            return Some(value);
        }
        // A script that writes the server's option file contains the same lines.
        let mut script = self.words().into_iter().rev().filter(|word| word.contains('\n'));
        if let Some(value) = script.find_map(|text| option_in_file(&text, name)) {
            return Some(value);
        }
        let files = self.mounts.iter().rev().flat_map(|(here, _)| option_files(here));
        let mut texts = files.filter_map(|path| std::fs::read_to_string(path).ok());
        texts.find_map(|text| option_in_file(&text, name))
    }

    /// The last part of the image's name without its tag: `redis` for `docker.io/library/redis:7`.
    pub(in crate::deploy_check) fn image_name(&self) -> &str {
        let image = self.image.as_deref().unwrap_or_default();
        let name = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default()
    }

    /// Whether other services can reach it by this name.
    pub(in crate::deploy_check) fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// The word with `-` replaced by `_` in the option's name; a value after `=` stays as it is.
fn underscored(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) => format!("{}={value}", name.replace('-', "_")),
        None if word.starts_with("--") => word.replace('-', "_"),
        None => word.to_owned(),
    }
}

/// The value of `--flag value` or `--flag=value`; if the flag is repeated, the last one counts.
fn option_in(words: &[String], flag: &str) -> Option<String> {
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        if word == flag {
            found = words.get(at + 1).cloned();
        } else if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            found = Some(value.to_owned());
        }
    }
    found
}

/// The option files at a path: those of MySQL and MariaDB end in `.cnf`, those of Redis in `.conf`.
fn option_files(path: &Path) -> Vec<PathBuf> {
    let is_options = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "cnf" || ending == "conf");
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        return entries.map(|entry| entry.path()).filter(is_options).collect();
    }
    Some(path.to_owned()).filter(is_options).into_iter().collect()
}

/// The value in a line `name = value` or `name value`, with `_` or `-` in the name.
fn option_in_file(text: &str, name: &str) -> Option<String> {
    let wanted = name.replace('-', "_");
    // If an option is repeated, the last one counts.
    let lines = text.lines().rev().map(str::trim).filter(|line| !line.starts_with(['#', ';', '[']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ' ', '\t']));
    let mut values = pairs.filter(|(name, _)| name.trim().replace('-', "_") == wanted);
    values.next().map(|(_, value)| value.trim_start_matches(['=', ' ']).trim().to_owned())
}

impl Compose {
    pub(super) fn parse(
        path: &Path,
        directory: Option<&Path>,
        text: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let mut document: Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
        document.apply_merge().map_err(|error| error.to_string())?;
        let mut references = Vec::new();
        fill(&mut document, values, &mut references)?;
        references.sort();
        references.dedup();
        let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = directory.unwrap_or(own);
        let unseen = unseen(&document);
        let services = document.get("services").and_then(Value::as_mapping);
        let services = match (services, &unseen) {
            (Some(services), _) => services,
            (None, Some(_)) => &Mapping::new(),
            (None, None) => return Err("it has no services".to_owned()),
        };
        let shared = shared_networks(document.get("networks"));
        let services = services.iter().map(|(name, service)| {
            let mut service = read_service(&text_of(name), service, directory, values)?;
            service.on_shared_network = service.networks.iter().any(|network| shared.contains(network));
            Ok::<_, String>(service)
        });
        let folder_name = || {
            let folder = directory.canonicalize().ok()?;
            Some(folder.file_name()?.to_string_lossy().to_lowercase())
        };
        let named = values.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).cloned();
        Ok(Self {
            project: named.or_else(|| document.get("name").map(text_of)).or_else(folder_name).unwrap_or_default(),
            services: services.collect::<Result<_, _>>()?,
            references,
            unseen,
            secrets: secrets(document.get("secrets"), directory),
        })
    }

    /// The service that other services reach by this name.
    pub(in crate::deploy_check) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.answers_to(name))
    }

    /// Every Dockerfile that a service is built from, once.
    pub(super) fn dockerfiles(&self) -> Vec<PathBuf> {
        self.services.iter().filter_map(|service| service.dockerfile.clone()).collect()
    }

    /// The Dockerfile of a service: its own, or that of a service with the same image.
    pub(in crate::deploy_check) fn dockerfile_of(&self, service: &Service) -> Option<PathBuf> {
        if service.dockerfile.is_some() {
            return service.dockerfile.clone();
        }
        let image = service.image.as_ref()?;
        let mut same = self.services.iter().filter(|other| other.image.as_ref() == Some(image));
        same.find_map(|other| other.dockerfile.clone())
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
}

/// The uses of `include` and `extends`, for a sentence; `None` if there are none.
fn unseen(document: &Value) -> Option<String> {
    let mut uses = Vec::new();
    if document.get("include").is_some() {
        uses.push("include".to_owned());
    }
    for (name, service) in document.get("services").and_then(Value::as_mapping).into_iter().flat_map(pairs) {
        if service.get("extends").is_some() {
            uses.push(format!("extends in {name}"));
        }
    }
    (!uses.is_empty()).then(|| uses.join(", "))
}

/// Replaces the variables in every string of a document, and collects the references.
fn fill(value: &mut Value, values: &BTreeMap<String, String>, references: &mut Vec<Reference>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            *text = interpolate(text, values, references)?;
            Ok(())
        }
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| fill(item, values, references)),
        Value::Mapping(map) => map.iter_mut().try_for_each(|(_, item)| fill(item, values, references)),
        Value::Tagged(tagged) => fill(&mut tagged.value, values, references),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// A scalar as text; empty for everything else.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

fn field(service: &Value, name: &str) -> String {
    service.get(name).map(text_of).unwrap_or_default()
}

fn read_service(
    name: &str,
    service: &Value,
    directory: &Path,
    values: &BTreeMap<String, String>,
) -> Result<Service, String> {
    let grace = field(service, "stop_grace_period");
    let replicas = service.get("deploy").map(|deploy| field(deploy, "replicas")).filter(|text| !text.is_empty());
    let replicas = replicas.unwrap_or_else(|| field(service, "scale"));
    Ok(Service {
        name: name.to_owned(),
        image: Some(field(service, "image")).filter(|image| !image.is_empty()),
        dockerfile: dockerfile(service, directory),
        command: words(service.get("command")),
        entrypoint: words(service.get("entrypoint")),
        environment: environment(service, directory, values)?,
        published: published(name, service.get("ports"))?,
        health: health(service.get("healthcheck")),
        depends_on: depends_on(service.get("depends_on")),
        restart: field(service, "restart"),
        profiles: texts(service.get("profiles")),
        replicas: replicas.parse().unwrap_or(1),
        memory_limit: memory_limit(service),
        stop_grace: units::parse_duration(&grace).unwrap_or(GRACE),
        mounts: mounts(service.get("volumes"), directory),
        on_host: field(service, "network_mode") == "host",
        on_shared_network: false,
        networks: networks(service.get("networks")),
        aliases: aliases(service),
    })
}

fn memory_limit(service: &Value) -> String {
    let limits = service.get("deploy").and_then(|deploy| deploy.get("resources")?.get("limits"));
    limits.map_or_else(|| field(service, "mem_limit"), |limits| field(limits, "memory"))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Sequence(items)) => items.iter().map(text_of).collect(),
        Some(value) => Some(text_of(value)).filter(|text| !text.is_empty()).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The words of a command: a list, or a line that is split as a shell would.
fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(line)) => {
            line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
        }
        value => texts(value),
    }
}

fn pairs(map: &Mapping) -> impl Iterator<Item = (String, &Value)> {
    map.iter().map(|(key, value)| (text_of(key), value))
}

fn environment(
    service: &Value,
    directory: &Path,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut environment = BTreeMap::new();
    let files: Vec<String> = match service.get("env_file") {
        Some(Value::Sequence(items)) => {
            items.iter().map(|item| item.get("path").map_or_else(|| text_of(item), text_of)).collect()
        }
        value => texts(value),
    };
    for file in files {
        // If the file is missing, compose itself refuses to start.
        if let Ok(text) = std::fs::read_to_string(directory.join(&file)) {
            environment.extend(super::Variables::parse(Path::new(&file), &text)?.values);
        }
    }
    match service.get("environment") {
        Some(Value::Mapping(map)) => {
            for (name, value) in pairs(map) {
                // A variable without a value is passed on from the environment of compose.
                let value = if value.is_null() { values.get(&name).cloned() } else { Some(text_of(value)) };
                environment.extend(value.map(|value| (name, value)));
            }
        }
        Some(Value::Sequence(items)) => {
            for item in items.iter().map(text_of) {
                match item.split_once('=') {
                    Some((name, value)) => environment.insert(name.to_owned(), value.to_owned()),
                    None => values.get(&item).and_then(|value| environment.insert(item.clone(), value.clone())),
                };
            }
        }
        _ => {}
    }
    Ok(environment)
}

fn dockerfile(service: &Value, directory: &Path) -> Option<PathBuf> {
    let build = service.get("build")?;
    let (context, file) = match build {
        Value::Mapping(_) => (field(build, "context"), field(build, "dockerfile")),
        value => (text_of(value), String::new()),
    };
    if build.get("dockerfile_inline").is_some() {
        return None;
    }
    let file = if file.is_empty() { "Dockerfile".to_owned() } else { file };
    Some(directory.join(context).join(file))
}

/// Reads `"8080:80"`, `"127.0.0.1:8080:80/tcp"`, `"80"` (any free port), or a mapping with `published`.
fn published(service: &str, value: Option<&Value>) -> Result<Vec<Published>, String> {
    let mut ports = Vec::new();
    for item in value.and_then(Value::as_sequence).into_iter().flatten() {
        let (address, port, inside) = if let Value::Mapping(_) = item {
            (field(item, "host_ip"), field(item, "published"), field(item, "target"))
        } else {
            let text = text_of(item);
            let text = text.split('/').next().unwrap_or_default().to_owned();
            let Some((host, inside)) = text.rsplit_once(':') else { continue };
            match host.rsplit_once(':') {
                Some((address, port)) => (address.to_owned(), port.to_owned(), inside.to_owned()),
                None => (String::new(), host.to_owned(), inside.to_owned()),
            }
        };
        if port.is_empty() || port == "0" {
            continue;
        }
        let number = |text: &str| text.parse::<u16>().map_err(|_| format!("service {service}: {text:?} is not a port"));
        let ends = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Ok::<_, String>(number(first)?..=number(last)?)
        };
        for (port, inside) in ends(&port)?.zip(ends(&inside)?.chain(std::iter::repeat(0))) {
            ports.push(Published { address: address.clone(), port, inside });
        }
    }
    Ok(ports)
}

fn health(value: Option<&Value>) -> Health {
    let Some(value) = value else { return Health::Unsaid };
    let test = texts(value.get("test"));
    if value.get("disable").and_then(Value::as_bool) == Some(true) || test.first().is_some_and(|word| word == "NONE") {
        return Health::Off;
    }
    // A health check with intervals alone keeps the test of the image.
    if test.is_empty() { Health::Unsaid } else { Health::Checked }
}

fn depends_on(value: Option<&Value>) -> BTreeMap<String, String> {
    match value {
        Some(Value::Mapping(map)) => pairs(map).map(|(name, what)| (name, field(what, "condition"))).collect(),
        value => texts(value).into_iter().map(|name| (name, "service_started".to_owned())).collect(),
    }
}

/// The mounted files and folders of this machine: `./here:/there:ro`, or a mapping of type `bind`. Named volumes are
/// left out.
fn mounts(value: Option<&Value>, directory: &Path) -> Vec<(PathBuf, String)> {
    let mut mounts = Vec::new();
    for item in value.and_then(Value::as_sequence).into_iter().flatten() {
        let (source, target) = if let Value::Mapping(_) = item {
            if field(item, "type") != "bind" {
                continue;
            }
            (field(item, "source"), field(item, "target"))
        } else {
            let text = text_of(item);
            let mut parts = text.split(':');
            let (Some(source), Some(target)) = (parts.next(), parts.next()) else { continue };
            (source.to_owned(), target.to_owned())
        };
        if source.starts_with(['.', '/']) {
            mounts.push((directory.join(source), target));
        }
    }
    mounts
}

/// The networks of a service; the project's default network if it names none.
fn networks(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Mapping(map)) => map.keys().map(text_of).collect(),
        Some(value) => texts(Some(value)),
        None => vec!["default".to_owned()],
    }
}

/// The networks that are created outside of this file.
fn shared_networks(value: Option<&Value>) -> Vec<String> {
    let external = |network: &Value| network.get("external").and_then(Value::as_bool) == Some(true);
    let map = value.and_then(Value::as_mapping).into_iter().flat_map(pairs);
    map.filter(|(_, network)| external(network)).map(|(name, _)| name).collect()
}

fn aliases(service: &Value) -> Vec<String> {
    let mut names: Vec<String> = ["container_name", "hostname"]
        .iter()
        .map(|name| field(service, name))
        .filter(|name| !name.is_empty())
        .collect();
    for network in service.get("networks").and_then(Value::as_mapping).into_iter().flat_map(Mapping::values) {
        names.extend(texts(network.get("aliases")));
    }
    names
}

fn secrets(value: Option<&Value>, directory: &Path) -> BTreeMap<String, SecretSource> {
    let source = |secret: &Value| match (field(secret, "file"), field(secret, "environment")) {
        (file, _) if !file.is_empty() => SecretSource::File(directory.join(file)),
        (_, variable) if !variable.is_empty() => SecretSource::Variable(variable),
        _ => SecretSource::External,
    };
    let map = value.and_then(Value::as_mapping);
    map.into_iter().flat_map(pairs).map(|(name, secret)| (name, source(secret))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Compose, String> {
        let values = BTreeMap::from([("TAG".to_owned(), "1.2".to_owned()), ("PASSED".to_owned(), "on".to_owned())]);
        Compose::parse(Path::new("ops/compose.yml"), None, text, &values)
    }

    #[test]
    fn a_service_is_read_in_all_its_notations() {
        let compose = parse(
            r#"
name: shop
x-serve: &serve
  image: registry/store:${TAG}
  build: {context: .., dockerfile: ops/Dockerfile}
  environment: {DB_HOST: database, PASSED: , RETRIES: 3}
  stop_grace_period: 1m30s
services:
  one:
    <<: *serve
    command: ["serve", "--db-pool-size", "8"]
    ports: ["127.0.0.1:8080-8081:80-81/tcp", "9000", "5000:5001"]
    depends_on: {migrate: {condition: service_completed_successfully}}
    networks: {inner: {aliases: [first]}}
    volumes: ["./a.conf:/etc/a.conf:ro", "data:/data", {type: bind, source: /tmp, target: /t}]
  two:
    <<: *serve
    command: serve --db-pool-size=9
    environment: ["A=b", PASSED]
    healthcheck: {test: [CMD, x]}
    deploy: {replicas: "2"}
  migrate: {<<: *serve, command: migrate}
secrets: {password: {file: ./password.txt}, token: {environment: TOKEN}, other: {external: true}}
"#,
        )
        .unwrap();
        let [one, two, migrate] = &compose.services[..] else { panic!("{compose:?}") };
        assert_eq!((one.image.as_deref(), one.image_name()), (Some("registry/store:1.2"), "store"));
        assert_eq!(one.setting("--db-pool-size", "X").as_deref(), Some("8"));
        assert_eq!(one.setting("--db-host", "DB_HOST").as_deref(), Some("database"));
        let ports: Vec<_> = one.published.iter().map(|port| (port.port, port.inside)).collect();
        assert_eq!(ports, [(8080, 80), (8081, 81), (5000, 5001)]);
        assert_eq!(one.environment["PASSED"], "on");
        assert_eq!((one.health.clone(), two.health.clone()), (Health::Unsaid, Health::Checked));
        assert_eq!(one.stop_grace, Duration::from_secs(90));
        assert_eq!(one.mounts[0].0, Path::new("ops/./a.conf"));
        assert_eq!(one.mounts.len(), 2);
        assert!(one.answers_to("first") && compose.service("first").is_some());
        assert_eq!(one.dockerfile.as_deref(), Some(Path::new("ops/../ops/Dockerfile")));
        assert_eq!((two.replicas, two.environment["A"].as_str(), two.environment["PASSED"].as_str()), (2, "b", "on"));
        assert_eq!(two.setting("--db-pool-size", "X").as_deref(), Some("9"));
        assert!(compose.is_one_shot(migrate) && !compose.is_one_shot(one));
        assert_eq!(compose.secrets["password"], SecretSource::File("ops/./password.txt".into()));
        assert_eq!(compose.secrets["token"], SecretSource::Variable("TOKEN".to_owned()));
        assert_eq!((compose.project.as_str(), compose.references.len()), ("shop", 1));
    }

    #[test]
    fn what_is_taken_from_elsewhere_is_told() {
        let unseen = |text| parse(text).unwrap().unseen;
        assert_eq!(unseen("services: {a: {image: b}}"), None);
        assert_eq!(unseen("include: [other.yml]").unwrap(), "include");
        let text = "services: {a: {extends: {file: b.yml, service: b}}, c: {extends: a}}";
        assert_eq!(unseen(text).unwrap(), "extends in a, extends in c");
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        for text in ["services: [", "a: 1", "services: {a: {image: '${B'}}", "services: {a: {ports: ['x:80']}}"] {
            assert!(!parse(text).unwrap_err().is_empty(), "{text}");
        }
    }

    #[test]
    fn options_of_servers_are_found_however_they_are_written() {
        let words = |line: &str| line.split(' ').map(underscored).collect::<Vec<_>>();
        for line in ["--max-connections=200", "mysqld --max_connections 200"] {
            assert_eq!(option_in(&words(line), &underscored("--max-connections")).as_deref(), Some("200"), "{line}");
        }
        let file = "[mysqld]\n# max_connections = 1\nmax-connections = 300\nmaxmemory 64mb\n";
        assert_eq!(option_in_file(file, "max-connections").as_deref(), Some("300"));
        assert_eq!(option_in_file(file, "maxmemory").as_deref(), Some("64mb"));
    }
}
