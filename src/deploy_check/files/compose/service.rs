//! A service of a compose project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::load::is_remote;
use super::merge::with_written;
use super::mounts::{Mount, mounts};
use super::options::{option_files, option_in, option_in_file, setting_in, underscored, words_of};
use super::ports::{Published, published};
use crate::deploy_check::files::paths::under;
use crate::deploy_check::files::text::read_text;
use crate::deploy_check::files::variables::Variables;
use crate::deploy_check::files::yaml::{Content, Entry, Node};
use crate::deploy_check::place::{Place, Problem};
use crate::units;

/// The default of `stop_grace_period`: the time between SIGTERM and SIGKILL (compose specification).
const GRACE: Duration = Duration::from_secs(10);

/// Whether a service has a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum Health {
    /// The compose file has none; the image may have one.
    Unsaid,
    Checked,
    /// The compose file switches the image's check off.
    Off,
}

/// How an image is built here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Build {
    /// The folder; `None` for an address from which it would be fetched.
    pub(in crate::deploy_check) context: Option<PathBuf>,
    pub(in crate::deploy_check) dockerfile: Option<PathBuf>,
    pub(in crate::deploy_check) arguments: BTreeMap<String, String>,
    pub(in crate::deploy_check) target: String,
}

/// A variable of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Variable {
    /// As it is written, before variables of compose were replaced.
    pub(in crate::deploy_check) written: String,
    pub(in crate::deploy_check) place: Place,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug)]
pub(in crate::deploy_check) struct Service {
    pub(in crate::deploy_check) name: String,
    pub(in crate::deploy_check) place: Place,
    pub(in crate::deploy_check) image: Option<String>,
    pub(in crate::deploy_check) build: Option<Build>,
    pub(in crate::deploy_check) command: Vec<String>,
    pub(in crate::deploy_check) entrypoint: Vec<String>,
    pub(in crate::deploy_check) environment: BTreeMap<String, String>,
    /// Where each variable is set.
    pub(in crate::deploy_check) variables: BTreeMap<String, Variable>,
    pub(in crate::deploy_check) env_files: Vec<PathBuf>,
    pub(in crate::deploy_check) published: Vec<Published>,
    /// The ports that it says it listens on.
    pub(in crate::deploy_check) exposed: Vec<u16>,
    pub(in crate::deploy_check) health: Health,
    /// The services that it waits for, each with the condition, such as `service_healthy`.
    pub(in crate::deploy_check) depends_on: BTreeMap<String, String>,
    /// The value of `restart`; empty if it is not set.
    pub(in crate::deploy_check) restart: String,
    pub(in crate::deploy_check) profiles: Vec<String>,
    /// Whether it is started without being named.
    pub(in crate::deploy_check) active: bool,
    pub(in crate::deploy_check) replicas: u64,
    pub(in crate::deploy_check) stop_grace: Duration,
    /// The memory limit as written, such as `64m`; empty for no limit.
    pub(in crate::deploy_check) memory_limit: String,
    pub(in crate::deploy_check) mounts: Vec<Mount>,
    /// Whether it uses the machine's own network.
    pub(in crate::deploy_check) on_host: bool,
    pub(in crate::deploy_check) network_mode: String,
    /// Whether it is on a network that is created elsewhere and that other containers may share.
    pub(in crate::deploy_check) on_shared_network: bool,
    pub(in crate::deploy_check) networks: Vec<String>,
    /// Whether it has an address of its own, which one container can have.
    pub(in crate::deploy_check) has_fixed_address: bool,
    pub(in crate::deploy_check) container_name: String,
    /// Its further names on its networks.
    pub(in crate::deploy_check) aliases: Vec<String>,
    /// Other services, and the names it alone has for them.
    pub(in crate::deploy_check) links: Vec<(String, String)>,
    /// Names that are not those of services: `extra_hosts` and containers of other projects.
    pub(in crate::deploy_check) hosts: BTreeSet<String>,
    /// The configurations it uses, each with the path in the container.
    pub(in crate::deploy_check) configs: Vec<(String, String)>,
    node: Node,
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

    /// The value of a flag of its command, also within a line that a shell runs.
    pub(in crate::deploy_check) fn flag(&self, names: &[&str]) -> Option<String> {
        let words: Vec<_> = self.words().iter().flat_map(|word| words_of(word)).collect();
        names.iter().find_map(|name| option_in(&words, name))
    }

    /// The value of a server's option: from the command, where `_` and `-` mean the same, otherwise from an option file
    /// that is mounted.
    pub(in crate::deploy_check) fn server_option(&self, name: &str) -> Option<String> {
        let whole = self.words();
        let split: Vec<_> = whole.iter().filter(|word| !word.contains('\n')).flat_map(|word| words_of(word)).collect();
        let words: Vec<_> = split.iter().map(|word| underscored(word)).collect();
        if let Some(value) = option_in(&words, &underscored(&format!("--{name}"))).or_else(|| setting_in(&split, name))
        {
            return Some(value);
        }
        // A script that writes the server's option file contains the same lines.
        let mut script = whole.into_iter().rev().filter(|word| word.contains('\n'));
        if let Some(value) = script.find_map(|text| option_in_file(&text, name)) {
            return Some(value);
        }
        let files = self.mounts.iter().rev().filter_map(Mount::path).flat_map(option_files);
        let mut texts = files.filter_map(|path| read_text(&path).ok());
        texts.find_map(|text| option_in_file(&text, name))
    }

    /// The last part of the image's name without its tag: `redis` for `docker.io/library/redis:7`.
    pub(in crate::deploy_check) fn image_name(&self) -> &str {
        let image = self.image.as_deref().unwrap_or_default();
        let name = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default()
    }

    /// The tag of the image; empty if it has none.
    pub(in crate::deploy_check) fn image_tag(&self) -> &str {
        let image = self.image.as_deref().unwrap_or_default();
        let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        last.split_once(':').map_or("", |(_, tag)| tag)
    }

    /// Whether other services can reach it by this name.
    pub(in crate::deploy_check) fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether it is the name that compose gives to one of its containers: `shop-web-1`, or `shop_web_1` as of old.
    pub(super) fn container_is(&self, name: &str, project: &str) -> bool {
        let rest = name.strip_prefix(project).and_then(|rest| rest.strip_prefix(['-', '_']));
        let rest = rest.and_then(|rest| rest.strip_prefix(&self.name)).and_then(|rest| rest.strip_prefix(['-', '_']));
        rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Where a key of the service stands; its name, if it has no such key.
    pub(in crate::deploy_check) fn place_of(&self, key: &str) -> Place {
        self.node.get(key).map_or_else(|| self.place.clone(), |node| node.place.clone())
    }

    /// Where a variable of it is set.
    pub(in crate::deploy_check) fn place_of_variable(&self, name: &str) -> Place {
        self.variables.get(name).map_or_else(|| self.place_of("environment"), |variable| variable.place.clone())
    }

    /// Its labels: names, values, and where each stands.
    pub(in crate::deploy_check) fn labels(&self) -> Vec<(String, String, Place)> {
        let Some(node) = self.node.get("labels") else { return Vec::new() };
        let listed = node.list().iter().filter_map(|one| {
            let text = one.string();
            let (name, value) = text.split_once('=')?;
            Some((name.trim().to_owned(), value.trim().to_owned(), one.place.clone()))
        });
        let mapped = node.entries().iter().map(|one| (one.key.clone(), one.value.string(), one.place.clone()));
        listed.chain(mapped).collect()
    }

    /// Whether a key of the service is set.
    pub(in crate::deploy_check) fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some_and(|node| !node.is_null())
    }

    /// The mount that shows a path of the container, or a folder that it is in.
    pub(in crate::deploy_check) fn mount_of(&self, path: &str) -> Option<&Mount> {
        let covers = |mount: &&Mount| {
            path == mount.target
                || path
                    .strip_prefix(mount.target.as_str())
                    .is_some_and(|rest| rest.starts_with('/') || mount.target == "/")
        };
        self.mounts.iter().filter(covers).max_by_key(|mount| mount.target.len())
    }
}

/// Reads a service; what is wrong in it and does not keep it from being read is told.
pub(super) fn read(
    entry: &Entry,
    directory: &Path,
    values: &BTreeMap<String, String>,
    refused: &mut Vec<Problem>,
) -> Result<Service, Problem> {
    let (name, node) = (entry.key.as_str(), &entry.value);
    let deploy = node.get("deploy").map(|deploy| deploy.field("replicas")).filter(|text| !text.is_empty());
    let replicas = deploy.unwrap_or_else(|| node.field("scale"));
    let build = build(node, directory, values);
    let (environment, variables, env_files) = environment(name, node, directory, values, refused)?;
    let network_mode = node.field("network_mode");
    let exposed = node.get("expose").map(Node::texts).unwrap_or_default();
    Ok(Service {
        name: name.to_owned(),
        place: entry.place.clone(),
        image: Some(node.field("image")).filter(|image| !image.is_empty()),
        build,
        command: words(node.get("command")),
        entrypoint: words(node.get("entrypoint")),
        environment,
        variables,
        env_files,
        published: published(name, node.get("ports"), refused),
        exposed: exposed.iter().filter_map(|text| text.split('/').next()?.parse().ok()).collect(),
        health: health(node.get("healthcheck")),
        depends_on: depends_on(node.get("depends_on")),
        restart: node.field("restart"),
        profiles: node.get("profiles").map(Node::texts).unwrap_or_default(),
        active: true,
        replicas: replicas.parse().unwrap_or(1),
        memory_limit: memory_limit(node),
        stop_grace: units::parse_duration(&node.field("stop_grace_period")).unwrap_or(GRACE),
        mounts: mounts(node, directory),
        on_host: network_mode == "host",
        on_shared_network: false,
        networks: networks(node, &network_mode),
        has_fixed_address: fixed_address(node),
        container_name: node.field("container_name"),
        aliases: aliases(node),
        links: links(node.get("links")),
        hosts: hosts(node),
        configs: configs(node.get("configs")),
        network_mode,
        node: node.clone(),
    })
}

fn memory_limit(node: &Node) -> String {
    let limit = node.at(&["deploy", "resources", "limits", "memory"]).map(Node::string).filter(|text| !text.is_empty());
    limit.unwrap_or_else(|| node.field("mem_limit"))
}

/// The words of a command: a list, or a line that is split as a shell would.
fn words(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.content) {
        Some(Content::Text(text)) => words_of(&text.value),
        Some(Content::List(items)) => items.iter().map(Node::string).collect(),
        _ => Vec::new(),
    }
}

type Environment = (BTreeMap<String, String>, BTreeMap<String, Variable>, Vec<PathBuf>);

/// The variables of a container: those of its files, then its own.
fn environment(
    service: &str,
    node: &Node,
    directory: &Path,
    values: &BTreeMap<String, String>,
    refused: &mut Vec<Problem>,
) -> Result<Environment, Problem> {
    let (mut found, mut variables, mut files) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (item, path, required) in env_files(node.get("env_file")) {
        let path = under(directory, &path);
        if !path.exists() {
            if required {
                let says = format!("the env_file of {service}, {}, is not there", path.display());
                refused.push(Problem::new(&item.place, says));
            }
            continue;
        }
        let start = Place::new(&path, 0);
        let text = read_text(&path).map_err(|why| Problem::new(&start, why))?;
        let read = Variables::parse(&path, &text, values)?;
        for (name, value) in read.values {
            let place = start.at(read.lines.get(&name).copied().unwrap_or_default());
            variables.insert(name.clone(), Variable { written: value.clone(), place });
            found.insert(name, value);
        }
        files.push(path);
    }
    for (name, place, value) in own_variables(node.get("environment")) {
        // A variable without a value is passed on from the environment of compose.
        let Some(text) = (if value.is_null() { values.get(&name).cloned() } else { Some(value.string()) }) else {
            continue;
        };
        let written = if value.is_null() { format!("${{{name}}}") } else { value.written().to_owned() };
        variables.insert(name.clone(), Variable { written, place });
        found.insert(name, text);
    }
    Ok((found, variables, files))
}

fn own_variables(node: Option<&Node>) -> Vec<(String, Place, Node)> {
    let Some(node) = node else { return Vec::new() };
    let of_item = |item: &Node| {
        let text = item.string();
        match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), item.place.clone(), with_written(item, '=', value)),
            None => (text, item.place.clone(), Node::null(&item.place)),
        }
    };
    let own = node.entries().iter().map(|entry| (entry.key.clone(), entry.place.clone(), entry.value.clone()));
    own.chain(node.list().iter().map(of_item)).collect()
}

/// The files of variables, and whether each must be there.
fn env_files(node: Option<&Node>) -> Vec<(&Node, String, bool)> {
    let Some(node) = node else { return Vec::new() };
    let one = |item| {
        let item: &Node = item;
        let required = item.get("required").is_none_or(Node::is_true);
        (item, if item.is_map() { item.field("path") } else { item.string() }, required)
    };
    if node.is_list() { node.list().iter().map(one).collect() } else { vec![one(node)] }
}

fn build(node: &Node, directory: &Path, values: &BTreeMap<String, String>) -> Option<Build> {
    let node = node.get("build").filter(|node| !node.is_null())?;
    let context = if node.is_map() { node.field("context") } else { node.string() };
    let context = if context.is_empty() { ".".to_owned() } else { context };
    let mut arguments = BTreeMap::new();
    for (name, _, value) in own_variables(node.get("args")) {
        let value = if value.is_null() { values.get(&name).cloned() } else { Some(value.string()) };
        arguments.extend(value.map(|value| (name, value)));
    }
    let target = node.field("target");
    if is_remote(&context) {
        return Some(Build { context: None, dockerfile: None, arguments, target });
    }
    let folder = under(directory, &context);
    let file = node.field("dockerfile");
    let dockerfile = if node.get("dockerfile_inline").is_some() {
        None
    } else if !file.is_empty() {
        Some(under(&folder, &file))
    } else {
        // The builder takes a file in lower case, too.
        let usual = under(&folder, "Dockerfile");
        let lower = under(&folder, "dockerfile");
        Some(if !usual.exists() && lower.exists() { lower } else { usual })
    };
    Some(Build { context: Some(folder), dockerfile, arguments, target })
}

fn health(node: Option<&Node>) -> Health {
    let Some(node) = node else { return Health::Unsaid };
    let test = node.get("test").map(Node::texts).unwrap_or_default();
    if node.get("disable").is_some_and(Node::is_true) || test.first().is_some_and(|word| word == "NONE") {
        return Health::Off;
    }
    // A health check with intervals alone keeps the test of the image.
    if test.is_empty() { Health::Unsaid } else { Health::Checked }
}

fn depends_on(node: Option<&Node>) -> BTreeMap<String, String> {
    let Some(node) = node else { return BTreeMap::new() };
    let by_name = node.entries().iter().map(|entry| (entry.key.clone(), entry.value.field("condition")));
    let listed = node.list().iter().map(|item| (item.string(), "service_started".to_owned()));
    by_name.chain(listed).collect()
}

/// The networks of a service; the project's default network if it names none.
fn networks(node: &Node, mode: &str) -> Vec<String> {
    if !mode.is_empty() {
        return Vec::new();
    }
    let names = node.get("networks").map(|networks| {
        let keys = networks.entries().iter().map(|entry| entry.key.clone());
        keys.chain(networks.list().iter().map(Node::string)).collect::<Vec<_>>()
    });
    names.filter(|names| !names.is_empty()).unwrap_or_else(|| vec!["default".to_owned()])
}

fn fixed_address(node: &Node) -> bool {
    let networks = node.get("networks").map(Node::entries).unwrap_or_default();
    let fixed = |key: &str| networks.iter().any(|entry| entry.value.get(key).is_some());
    fixed("ipv4_address") || fixed("ipv6_address")
}

fn aliases(node: &Node) -> Vec<String> {
    let own = ["container_name", "hostname"].iter().map(|name| node.field(name));
    let mut names: Vec<String> = own.filter(|name| !name.is_empty()).collect();
    for entry in node.get("networks").map(Node::entries).unwrap_or_default() {
        names.extend(entry.value.get("aliases").map(Node::texts).unwrap_or_default());
    }
    names
}

/// `links: [db:database]`: the service, and the name for it.
fn links(node: Option<&Node>) -> Vec<(String, String)> {
    let texts = node.map(Node::texts).unwrap_or_default();
    let pair = |text: String| match text.split_once(':') {
        Some((service, alias)) => (service.to_owned(), alias.to_owned()),
        None => (text.clone(), text),
    };
    texts.into_iter().map(pair).collect()
}

fn hosts(node: &Node) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(extra) = node.get("extra_hosts") {
        names.extend(extra.entries().iter().map(|entry| entry.key.clone()));
        let listed = extra.list().iter().map(Node::string);
        names.extend(listed.filter_map(|text| text.split([':', '=']).next().map(str::to_owned)));
    }
    for text in node.get("external_links").map(Node::texts).unwrap_or_default() {
        names.extend(text.split(':').map(str::to_owned));
    }
    names
}

fn configs(node: Option<&Node>) -> Vec<(String, String)> {
    let one = |item: &Node| {
        if item.is_map() {
            let (source, target) = (item.field("source"), item.field("target"));
            let target = if target.is_empty() { format!("/{source}") } else { target };
            (source, target)
        } else {
            (item.string(), format!("/{}", item.string()))
        }
    };
    node.map(Node::list).unwrap_or_default().iter().map(one).collect()
}
