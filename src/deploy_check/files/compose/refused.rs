//! What Compose itself refuses: keys that it does not know, names that nothing defines, circles, and values of the wrong
//! kind. Its own words differ from version to version; the rules are those of the compose specification.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::deploy_check::files::yaml::{Entry, Node};
use crate::deploy_check::place::{Place, Problem};
use crate::units::{self, nearest};

const TOP: &[&str] = &["version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs"];

const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volume_driver",
    "volumes",
    "volumes_from",
    "working_dir",
];

const BUILD: &[&str] = &[
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "entitlements",
    "extra_hosts",
    "isolation",
    "labels",
    "network",
    "no_cache",
    "no_cache_filter",
    "platforms",
    "privileged",
    "provenance",
    "pull",
    "sbom",
    "secrets",
    "shm_size",
    "ssh",
    "tags",
    "target",
    "ulimits",
];

const HEALTH: &[&str] = &["disable", "interval", "retries", "start_interval", "start_period", "test", "timeout"];

const DEPLOY: &[&str] = &[
    "endpoint_mode",
    "labels",
    "mode",
    "placement",
    "replicas",
    "resources",
    "restart_policy",
    "rollback_config",
    "update_config",
];

const NETWORK: &[&str] = &[
    "attachable",
    "driver",
    "driver_opts",
    "enable_ipv4",
    "enable_ipv6",
    "external",
    "internal",
    "ipam",
    "labels",
    "name",
];

const VOLUME: &[&str] = &["driver", "driver_opts", "external", "labels", "name"];

const SECRET: &[&str] =
    &["content", "driver", "driver_opts", "environment", "external", "file", "labels", "name", "template_driver"];

const PORT: &[&str] = &["app_protocol", "host_ip", "mode", "name", "protocol", "published", "target"];

const MOUNT: &[&str] = &["bind", "consistency", "image", "read_only", "source", "target", "tmpfs", "type", "volume"];

const CONDITIONS: [&str; 3] = ["service_started", "service_healthy", "service_completed_successfully"];

/// Keys of a service that take a list and nothing else.
const LISTS: [&str; 9] =
    ["ports", "volumes", "cap_add", "cap_drop", "devices", "expose", "links", "security_opt", "volumes_from"];

/// Everything that is refused in a whole document.
pub(super) fn problems(document: &Node, directory: &Path) -> Vec<Problem> {
    let mut found = Found { document, problems: Vec::new() };
    found.keys(document, TOP, "the file");
    for (section, known) in [("networks", NETWORK), ("volumes", VOLUME), ("secrets", SECRET), ("configs", SECRET)] {
        for entry in document.get(section).map(Node::entries).unwrap_or_default() {
            found.keys(&entry.value, known, &format!("{} of {section}", entry.key));
        }
    }
    for entry in document.get("configs").map(Node::entries).unwrap_or_default() {
        let file = entry.value.field("file");
        if !file.is_empty() && !directory.join(&file).exists() {
            found.tell(&entry.place, format!("the file of the config {}, {file}, is not there", entry.key));
        }
    }
    match document.get("services") {
        Some(services) if services.is_map() => {
            for entry in services.entries() {
                found.service(entry);
            }
            found.circles(services);
        }
        Some(services) => found.tell(&services.place, format!("services is {}, not a mapping", services.kind())),
        None => {}
    }
    found.problems
}

struct Found<'a> {
    document: &'a Node,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn tell(&mut self, place: &Place, says: String) {
        self.problems.push(Problem::new(place, says));
    }

    /// Tells the keys of a mapping that are not known.
    fn keys(&mut self, node: &Node, known: &[&str], of: &str) {
        for entry in node.entries() {
            if known.contains(&entry.key.as_str()) || entry.key.starts_with("x-") {
                continue;
            }
            let is_service = entry.value.get("image").is_some() || entry.value.get("build").is_some();
            let says = if known == SERVICE && is_service {
                format!("{} stands within {of}; it looks like a service that is indented too far", entry.key)
            } else if let Some(meant) = nearest(&entry.key, known) {
                format!("{of} has a key {}, which compose does not know; is it {meant}?", entry.key)
            } else {
                format!("{of} has a key {}, which compose does not know", entry.key)
            };
            self.tell(&entry.place, says);
        }
    }

    fn service(&mut self, entry: &Entry) {
        let (name, node) = (&entry.key, &entry.value);
        if !node.is_map() {
            self.tell(&entry.place, format!("the service {name} is {}, not a mapping", node.kind()));
            return;
        }
        let of = format!("the service {name}");
        self.keys(node, SERVICE, &of);
        for (key, known) in [("build", BUILD), ("healthcheck", HEALTH), ("deploy", DEPLOY)] {
            if let Some(part) = node.get(key) {
                self.keys(part, known, &format!("{key} of {name}"));
            }
        }
        for (key, known) in [("ports", PORT), ("volumes", MOUNT)] {
            for item in node.get(key).map(Node::list).unwrap_or_default() {
                self.keys(item, known, &format!("{key} of {name}"));
            }
        }
        for key in LISTS {
            if let Some(part) = node.get(key).filter(|part| !part.is_list() && !part.is_null()) {
                self.tell(&part.place, format!("{key} of {name} is {}, not a list", part.kind()));
            }
        }
        for key in ["environment", "labels"] {
            let nested = node
                .get(key)
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .find(|one| one.value.is_map() || one.value.is_list());
            if let Some(nested) = nested {
                self.tell(
                    &nested.place,
                    format!("{key} of {name}: {} is {}, not a text", nested.key, nested.value.kind()),
                );
            }
        }
        for key in ["image", "restart", "container_name", "network_mode", "hostname"] {
            if let Some(part) = node.get(key).filter(|part| part.is_map() || part.is_list()) {
                self.tell(&part.place, format!("{key} of {name} is {}, not a text", part.kind()));
            }
        }
        if !["image", "build", "extends", "provider"]
            .iter()
            .any(|key| node.get(key).is_some_and(|part| !part.is_null()))
        {
            self.tell(&entry.place, format!("the service {name} has neither image nor build"));
        }
        self.values(name, node);
        self.conditions(name, node);
        self.references(name, node);
    }

    /// Values that are of a certain form.
    fn values(&mut self, name: &str, node: &Node) {
        let durations = [
            node.get("stop_grace_period"),
            node.at(&["healthcheck", "interval"]),
            node.at(&["healthcheck", "timeout"]),
            node.at(&["healthcheck", "start_period"]),
        ];
        for part in durations.into_iter().flatten() {
            let text = part.string();
            if !text.is_empty() && (units::parse_duration(&text).is_err() || is_bare_number(&text)) {
                self.tell(&part.place, format!("{name}: {text:?} is not a duration such as 30s"));
            }
        }
        if let Some(part) = node.get("restart") {
            let text = part.string();
            let known = ["no", "always", "on-failure", "unless-stopped", "false", ""].contains(&text.as_str());
            if !known && !text.starts_with("on-failure:") {
                self.tell(
                    &part.place,
                    format!("restart of {name} is {text:?}; compose knows no, always, on-failure and unless-stopped"),
                );
            }
        }
        let replicas = node.at(&["deploy", "replicas"]).or_else(|| node.get("scale"));
        if let Some(part) = replicas.filter(|part| !part.is_null() && part.string().parse::<u32>().is_err()) {
            self.tell(&part.place, format!("the number of replicas of {name} is {:?}, not a number", part.string()));
        }
        if let (Some(mode), Some(networks)) = (node.get("network_mode"), node.get("networks"))
            && !mode.string().is_empty()
            && !networks.is_null()
        {
            self.tell(&mode.place, format!("{name} has both network_mode and networks"));
        }
    }

    fn defined(&self, section: &str) -> BTreeSet<&str> {
        self.document
            .get(section)
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(|entry| entry.key.as_str())
            .collect()
    }

    /// What one service waits for of another.
    fn conditions(&mut self, name: &str, node: &Node) {
        for entry in node.get("depends_on").map(Node::entries).unwrap_or_default() {
            let condition = entry.value.field("condition");
            if condition.is_empty() || CONDITIONS.contains(&condition.as_str()) {
                continue;
            }
            let hint = nearest(&condition, &CONDITIONS).map(|meant| format!("; is it {meant}?")).unwrap_or_default();
            let service = &entry.key;
            let says =
                format!("{name} waits for {service} with the condition {condition}, which compose does not know");
            self.tell(&entry.place, format!("{says}{hint}"));
        }
    }

    /// Names that must be defined in the document.
    fn references(&mut self, name: &str, node: &Node) {
        let services = self.defined("services");
        let networks = self.defined("networks");
        let volumes = self.defined("volumes");
        let mut missing: Vec<(Place, String)> = Vec::new();
        let mut miss = |place: &Place, kind: &str, wanted: &str, known: &BTreeSet<&str>| {
            let known: Vec<_> = known.iter().copied().collect();
            let hint = nearest(wanted, &known).map(|meant| format!("; is it {meant}?")).unwrap_or_default();
            missing.push((place.clone(), format!("{name} uses the {kind} {wanted}, which nothing defines{hint}")));
        };
        for (place, wanted) in names(node.get("networks")) {
            if wanted != "default" && !networks.contains(wanted.as_str()) {
                miss(&place, "network", &wanted, &networks);
            }
        }
        for entry in node.get("depends_on").map(Node::entries).unwrap_or_default() {
            let optional = entry.value.get("required").is_some_and(|value| !value.is_true());
            if !optional && !services.contains(entry.key.as_str()) {
                miss(&entry.place, "service", &entry.key, &services);
            }
        }
        for item in node.get("volumes").map(Node::list).unwrap_or_default() {
            let source = if item.is_map() {
                if item.field("type") != "volume" {
                    continue;
                }
                item.field("source")
            } else {
                let text = item.string();
                text.split_once(':').map(|(source, _)| source.to_owned()).unwrap_or_default()
            };
            if !source.is_empty()
                && !source.starts_with(['.', '/', '~', '$', '\\'])
                && source.len() > 1
                && !volumes.contains(source.as_str())
            {
                miss(&item.place, "volume", &source, &volumes);
            }
        }
        for kind in ["secrets", "configs"] {
            let known = self.defined(kind);
            for item in node.get(kind).map(Node::list).unwrap_or_default() {
                let wanted = if item.is_map() { item.field("source") } else { item.string() };
                if !wanted.is_empty() && !known.contains(wanted.as_str()) {
                    miss(&item.place, kind.trim_end_matches('s'), &wanted, &known);
                }
            }
        }
        for kind in ["links", "volumes_from"] {
            for item in node.get(kind).map(Node::list).unwrap_or_default() {
                let text = item.string();
                let wanted = text.split(':').next().unwrap_or_default();
                if wanted != "container" && !services.contains(wanted) {
                    miss(&item.place, "service", wanted, &services);
                }
            }
        }
        for key in ["network_mode", "pid", "ipc"] {
            let Some(part) = node.get(key) else { continue };
            let text = part.string();
            if let Some(wanted) = text.strip_prefix("service:").filter(|wanted| !services.contains(wanted)) {
                miss(&part.place, "service", wanted, &services);
            }
        }
        for (place, says) in missing {
            self.tell(&place, says);
        }
    }

    /// Services that wait for each other in a circle.
    fn circles(&mut self, services: &Node) {
        let waits: BTreeMap<&str, Vec<(&Place, String)>> = services
            .entries()
            .iter()
            .map(|entry| {
                let own = entry.value.get("depends_on").map(Node::entries).unwrap_or_default();
                let links = entry.value.get("links").map(Node::list).unwrap_or_default();
                let linked = links
                    .iter()
                    .map(|item| (&item.place, item.string().split(':').next().unwrap_or_default().to_owned()));
                (entry.key.as_str(), own.iter().map(|one| (&one.place, one.key.clone())).chain(linked).collect())
            })
            .collect();
        let mut left: BTreeSet<&str> = waits.keys().copied().collect();
        // Takes away what waits for nothing that is left; what stays is a circle, or waits for one.
        loop {
            let free: Vec<_> = left
                .iter()
                .copied()
                .filter(|name| {
                    waits.get(name).is_none_or(|on| !on.iter().any(|(_, other)| left.contains(other.as_str())))
                })
                .collect();
            if free.is_empty() {
                break;
            }
            left.retain(|name| !free.contains(name));
        }
        let first = left
            .iter()
            .next()
            .and_then(|name| waits.get(name))
            .and_then(|on| on.iter().find(|(_, other)| left.contains(other.as_str())));
        if let Some((place, _)) = first {
            let place = (*place).clone();
            let names: Vec<_> = left.into_iter().collect();
            self.tell(&place, format!("these services wait for each other in a circle: {}", names.join(", ")));
        }
    }
}

/// The names of a list, or the keys of a mapping, with their places.
fn names(node: Option<&Node>) -> Vec<(Place, String)> {
    let Some(node) = node else { return Vec::new() };
    let keys = node.entries().iter().map(|entry| (entry.place.clone(), entry.key.clone()));
    keys.chain(node.list().iter().map(|item| (item.place.clone(), item.string()))).collect()
}
/// A number without a unit, which is no duration unless it is zero.
fn is_bare_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte != b'0')
}
