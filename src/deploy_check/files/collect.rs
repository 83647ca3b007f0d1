//! Everything that is read of a deployment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::compose::{Build, Compose, Mount, Service, Source};
use super::dashboards::Dashboard;
use super::datasources::{Datasources, dashboard_folders};
use super::dockerfile::{Dockerfile, Stage};
use super::document::{Document, documents, paths, readable, same_file};
use super::fronts::Front;
use super::image::{image_of, store_of};
use super::location::{Location, Locations};
use super::nginx::Nginx;
use super::prometheus::PrometheusConfig;
use super::rules::RuleFile;
use super::text::read_text;
use super::variables::Variables;
use super::view::View;
use super::workflows::Workflow;
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::place::{Place, Problem};

/// Endings of rule files.
const YAML: [&str; 2] = ["yml", "yaml"];

/// One part of what was found, for the table of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Piece {
    /// What it is, such as `nginx`.
    pub part: &'static str,
    /// Its files; a sentence if there is none.
    pub files: String,
    /// Whether there is one.
    pub found: bool,
}

/// The names of the alerts in a folder of rules or a single file; empty if there is none or it cannot be read.
pub fn alert_names(location: &Location) -> Vec<String> {
    let documents = documents(location, &YAML, RuleFile::parse);
    RuleFile::alerts(&readable(&documents).unwrap_or_default())
}

/// All files of a deployment, as far as they exist.
#[derive(Debug)]
pub struct Files {
    pub(super) variables: Document<Variables>,
    pub(super) example: Document<Variables>,
    compose: Document<Compose>,
    dockerfiles: Vec<Document<Dockerfile>>,
    nginx: Vec<Document<Nginx>>,
    prometheus: Vec<Document<PrometheusConfig>>,
    rules: Vec<Document<RuleFile>>,
    dashboards: Vec<Document<Dashboard>>,
    datasources: Vec<Document<Datasources>>,
    fronts: Vec<Document<Front>>,
    workflows: Vec<Document<Workflow>>,
    views: BTreeMap<String, View>,
    pub(in crate::deploy_check) environment: BTreeMap<String, String>,
}

impl Files {
    /// Reads every file that exists at `locations`; a fault is kept with its file and does not stop the others.
    pub fn load(locations: &Locations) -> Self {
        let shell = &locations.environment;
        let variables = Document::load(&locations.env_file, |path, text| Variables::parse(path, text, shell));
        let example = Location { path: beside(&locations.env_file.path, ".example"), named: false };
        let example = Document::load(&example, |path, text| Variables::parse(path, text, shell));
        let mut all = BTreeMap::new();
        if let Document::Read(variables) = &variables {
            all.extend(variables.values.clone());
        }
        all.extend(shell.clone());
        let compose = compose(locations, &all);
        let dockerfiles = dockerfiles(locations, compose.read());
        let read: Vec<&Dockerfile> = dockerfiles.iter().filter_map(Document::read).collect();
        let services = compose.read().map(|compose| compose.services.as_slice()).unwrap_or_default();
        let views: BTreeMap<String, View> = compose
            .read()
            .map(|compose| services.iter().map(|one| (one.name.clone(), View::of(compose, one, &read))).collect())
            .unwrap_or_default();
        let seen: Vec<(&Service, &View)> =
            services.iter().filter_map(|one| Some((one, views.get(&one.name)?))).collect();
        let prometheus = prometheus(locations, &seen);
        let rules = rules(locations, &prometheus, &views);
        let dashboards = dashboards(locations, &seen);
        Self {
            nginx: nginx(locations, &seen),
            datasources: datasources(&seen),
            fronts: seen.iter().flat_map(|(service, view)| Front::of_container(service, view)).collect(),
            workflows: documents(&locations.workflows, &YAML, Workflow::parse),
            environment: shell.clone(),
            variables,
            example,
            compose,
            dockerfiles,
            prometheus,
            rules,
            dashboards,
            views,
        }
    }

    /// Whether no file was found, so that there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.states().iter().all(|state| *state == Ok(false))
    }

    /// What was read of the services of the compose files, for whoever compares it with Compose's own answer. It shows the
    /// values of variables.
    pub fn reading(&self) -> serde_json::Value {
        let services = self.compose.read().map(|compose| compose.services.as_slice()).unwrap_or_default();
        let one = |service: &Service| {
            let ports = service.published.iter().map(|port| {
                let address = if port.address.is_empty() { String::new() } else { format!("{}:", port.address) };
                format!("{address}{}:{}/{}", port.port, port.inside, if port.udp { "udp" } else { "tcp" })
            });
            let mounts =
                service.mounts.iter().filter(|mount| mount.source != Source::Memory).map(|mount| mount.target.clone());
            serde_json::json!({
                "image": service.image,
                "environment": service.environment,
                "ports": ports.collect::<Vec<_>>(),
                "mounts": mounts.collect::<Vec<_>>(),
                "networks": service.networks,
            })
        };
        let active = services.iter().filter(|service| service.active);
        active.map(|service| (service.name.clone(), one(service))).collect::<serde_json::Map<_, _>>().into()
    }

    /// What was found of each part, and what was not.
    pub fn pieces(&self) -> Vec<Piece> {
        let show = |path: &Path| path.display().to_string();
        let composed = self.compose.read().map(|compose| compose.files.iter().map(|path| show(path)).collect());
        let nginx = self.nginx.iter().filter_map(Document::read);
        let nginx = nginx.map(|one| with_service(&one.path, one.service.as_deref())).collect();
        let prometheus = self.prometheus.iter().filter_map(Document::read);
        let prometheus = prometheus
            .map(|one| with_service(&one.path, one.service.as_ref().map(|(name, _)| name.as_str())))
            .collect();
        let listed = |part, files: Vec<String>, none: &str| {
            let found = !files.is_empty();
            let more = files.len().saturating_sub(6);
            let mut shown = files.into_iter().take(6).collect::<Vec<_>>().join(", ");
            if more > 0 {
                shown.extend([" and ", &more.to_string(), " more"]);
            }
            Piece { part, files: if found { shown } else { none.to_owned() }, found }
        };
        vec![
            listed("compose", composed.unwrap_or_default(), "no compose file that can be read"),
            listed("variables", self.variables.read().map(|one| show(&one.path)).into_iter().collect(), "no .env"),
            listed(
                "Dockerfiles",
                self.dockerfiles.iter().filter_map(Document::read).map(|one| show(&one.path)).collect(),
                "none",
            ),
            listed("nginx", nginx, "no configuration of nginx is here"),
            listed(
                "other fronts",
                self.fronts().into_iter().map(|one| with_service(&one.path, Some(&one.service))).collect(),
                "no files of Caddy, HAProxy or Traefik",
            ),
            listed("Prometheus", prometheus, "no prometheus.yml is here"),
            listed(
                "rules",
                self.rules.iter().filter_map(Document::read).map(|one| show(&one.path)).collect(),
                "no rule files",
            ),
            listed(
                "datasources",
                self.datasources.iter().filter_map(Document::read).map(|one| show(&one.path)).collect(),
                "no datasources of Grafana",
            ),
            listed(
                "dashboards",
                self.dashboards.iter().filter_map(Document::read).map(|one| show(&one.path)).collect(),
                "none",
            ),
            listed(
                "workflows",
                self.workflows.iter().filter_map(Document::read).map(|one| show(&one.path)).collect(),
                "none",
            ),
        ]
    }

    /// For each file whether it was read (false: it does not exist), or why it cannot be read.
    pub(in crate::deploy_check) fn states(&self) -> Vec<Result<bool, &Problem>> {
        let mut states = vec![self.variables.state(), self.compose.state()];
        states.extend(self.nginx.iter().map(Document::state));
        states.extend(self.prometheus.iter().map(Document::state));
        states.extend(self.dockerfiles.iter().map(Document::state));
        states.extend(self.rules.iter().map(Document::state));
        states.extend(self.dashboards.iter().map(Document::state));
        states.extend(self.datasources.iter().map(Document::state));
        states.extend(self.fronts.iter().map(Document::state));
        states.extend(self.workflows.iter().map(Document::state));
        states
    }

    /// The compose project. It is a skip if other files add to it, because a statement about the visible services could
    /// then be wrong; `files-readable` reports that.
    pub(in crate::deploy_check) fn compose(&self) -> Result<&Compose, CheckOutcome> {
        let compose = self.compose.get()?;
        match &compose.unseen {
            None if compose.incomplete => {
                Err(CheckOutcome::skip("a file of the project is missing", "see compose-valid"))
            }
            None => Ok(compose),
            Some(_) => Err(CheckOutcome::skip("the compose file is not complete by itself", "see files-readable")),
        }
    }

    /// The services that are databases, caches and brokers.
    pub(in crate::deploy_check) fn stores(&self) -> Result<Vec<&Service>, CheckOutcome> {
        let stores: Vec<_> = self.compose()?.services.iter().filter(|service| store_of(service).is_some()).collect();
        if stores.is_empty() {
            return Err(CheckOutcome::skip("no service is a database, a cache or a broker", "nothing to do"));
        }
        Ok(stores)
    }

    /// The compose project even if a part of it is not here.
    pub(in crate::deploy_check) fn compose_as_seen(&self) -> Result<&Compose, CheckOutcome> {
        self.compose.get()
    }

    /// Why the compose file is not complete by itself; `None` if it is.
    pub(in crate::deploy_check) fn unseen_services(&self) -> Option<String> {
        let unseen = self.compose.get().ok()?.unseen.as_ref()?;
        Some(format!("the compose file uses {unseen}, which deploy-check does not fetch"))
    }

    /// The configurations of nginx; a skip if there is none, or one cannot be read.
    pub(in crate::deploy_check) fn nginx(&self) -> Result<Vec<&Nginx>, CheckOutcome> {
        existing(&self.nginx)
    }

    /// The configurations of Prometheus; a skip if there is none, or one cannot be read.
    pub(in crate::deploy_check) fn prometheus(&self) -> Result<Vec<&PrometheusConfig>, CheckOutcome> {
        existing(&self.prometheus)
    }

    /// The rule files, possibly none; a skip if one of them cannot be read.
    pub(in crate::deploy_check) fn rules(&self) -> Result<Vec<&RuleFile>, CheckOutcome> {
        readable(&self.rules)
    }

    pub(in crate::deploy_check) fn dashboards(&self) -> Result<Vec<&Dashboard>, CheckOutcome> {
        readable(&self.dashboards)
    }

    pub(in crate::deploy_check) fn datasources(&self) -> Vec<&Datasources> {
        self.datasources.iter().filter_map(Document::read).collect()
    }

    /// What other servers than nginx pass requests to; a file that cannot be read is told by `files-readable`.
    pub(in crate::deploy_check) fn fronts(&self) -> Vec<&Front> {
        self.fronts.iter().filter_map(Document::read).collect()
    }

    pub(in crate::deploy_check) fn workflows(&self) -> Result<Vec<&Workflow>, CheckOutcome> {
        readable(&self.workflows)
    }

    pub(in crate::deploy_check) fn dockerfiles(&self) -> Result<Vec<&Dockerfile>, CheckOutcome> {
        readable(&self.dockerfiles)
    }

    /// What a container sees.
    pub(in crate::deploy_check) fn view(&self, service: &str) -> Option<&View> {
        self.views.get(service)
    }

    /// The Dockerfile that an image is built from, if it was read.
    pub(in crate::deploy_check) fn dockerfile_of(&self, build: &Build) -> Option<&Dockerfile> {
        super::view::dockerfile_of(build, &self.dockerfiles().ok()?)
    }

    /// The stage of a Dockerfile that the image of a service is built up to, if it was read.
    pub(in crate::deploy_check) fn stage_of(&self, service: &Service) -> Option<&Stage> {
        let build = self.compose().ok()?.build_of(service)?;
        self.dockerfile_of(build)?.stage(&build.target)
    }
}

/// Those that exist; a skip if there are none.
fn existing<T>(documents: &[Document<T>]) -> Result<Vec<&T>, CheckOutcome> {
    let read = readable(documents)?;
    match documents.first() {
        Some(first) if read.is_empty() => first.get().map(|one| vec![one]),
        None => Err(CheckOutcome::skip("there is none", "name the file if it is elsewhere; see --help")),
        Some(_) => Ok(read),
    }
}

fn with_service(path: &Path, service: Option<&str>) -> String {
    match service {
        Some(service) => format!("{} (of {service})", path.display()),
        None => path.display().to_string(),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn compose(locations: &Locations, values: &BTreeMap<String, String>) -> Document<Compose> {
    let paths: Vec<PathBuf> = locations.compose.iter().map(|location| location.path.clone()).collect();
    let Some(first) = locations.compose.first() else { return Document::Absent("there is no compose file".to_owned()) };
    if !first.named && !first.path.exists() {
        return Document::absent(&first.path);
    }
    Document::of(Compose::read(&paths, locations.project_directory.as_deref(), values))
}

fn dockerfiles(locations: &Locations, compose: Option<&Compose>) -> Vec<Document<Dockerfile>> {
    let mut places: Vec<(Location, Option<&Build>)> = vec![(locations.dockerfile.clone(), None)];
    if let Some(compose) = compose {
        let builds = compose.services.iter().filter_map(|service| service.build.as_ref());
        for build in builds {
            let Some(path) = &build.dockerfile else { continue };
            match places.iter_mut().find(|(known, _)| same_file(&known.path, path)) {
                Some((known, with)) => {
                    // Under one name, so that who looks for it by its path finds it.
                    path.clone_into(&mut known.path);
                    *with = with.or(Some(build));
                }
                None => places.push((Location { path: path.clone(), named: true }, Some(build))),
            }
        }
    }
    let none = BTreeMap::new();
    let load = |(place, build): &(Location, Option<&Build>)| {
        let given = build.map_or(&none, |build| &build.arguments);
        Document::load(place, |path, text| Dockerfile::parse(path, text, given))
    };
    places.iter().map(load).collect()
}

fn nginx(locations: &Locations, seen: &[(&Service, &View)]) -> Vec<Document<Nginx>> {
    let mut found = Vec::new();
    for (service, view) in seen {
        match Nginx::of_container(service, view) {
            Ok(None) => {}
            Ok(Some(nginx)) => found.push(Document::Read(nginx)),
            Err(problem) => found.push(Document::Unreadable(problem)),
        }
    }
    let place = &locations.nginx;
    let known = found
        .iter()
        .filter_map(Document::read)
        .any(|one| one.sources.iter().any(|source| same_file(&source.path, &place.path)));
    let broken = found.iter().any(|one| one.state().is_err_and(|problem| same_file(&problem.place.path, &place.path)));
    if !known && !broken && (place.named || place.path.exists() || found.is_empty()) {
        found.insert(0, Document::load(place, |path, _| Nginx::of_file(path)));
    }
    found
}

fn prometheus(locations: &Locations, seen: &[(&Service, &View)]) -> Vec<Document<PrometheusConfig>> {
    let mut found: Vec<Document<PrometheusConfig>> = Vec::new();
    let mut read = Vec::new();
    for (service, view) in seen {
        let named = service.flag(&["--config.file", "-config.file"]);
        if named.is_none() && service.image_name() != "prometheus" && !view.shows("/etc/prometheus") {
            continue;
        }
        let inside = named.unwrap_or_else(|| "/etc/prometheus/prometheus.yml".to_owned());
        // Programs around Prometheus have an option of the same name.
        let is_prometheus = inside.ends_with("prometheus.yml")
            || inside.ends_with("prometheus.yaml")
            || service.image_name() == "prometheus";
        let Some(path) = view.file(&inside).filter(|_| is_prometheus) else { continue };
        let document = Document::load(&Location { path: path.clone(), named: true }, |path, text| {
            let mut config = PrometheusConfig::parse(path, text)?;
            config.service = Some((service.name.clone(), inside.clone()));
            // The image itself brings no rules; a volume may hold some.
            let in_volume =
                |mount: &Mount| matches!(mount.source, Source::Volume(_)) && mount.target.starts_with("/etc");
            let plain = service.build.is_none() && service.image_name() == "prometheus";
            config.is_all_here = plain && !service.mounts.iter().any(in_volume);
            Ok(config)
        });
        read.push(path);
        found.push(document);
    }
    let place = &locations.prometheus;
    let known = read.iter().any(|path| same_file(path, &place.path));
    if !known && (place.named || place.path.exists() || found.is_empty()) {
        found.insert(0, Document::load(place, PrometheusConfig::parse));
    }
    found
}

/// Those of the usual folder, and those that a Prometheus reads.
fn rules(
    locations: &Locations,
    prometheus: &[Document<PrometheusConfig>],
    views: &BTreeMap<String, View>,
) -> Vec<Document<RuleFile>> {
    let mut found = documents(&locations.rules, &YAML, RuleFile::parse);
    let mut known: Vec<PathBuf> = paths(&locations.rules.path, &YAML);
    for config in prometheus.iter().filter_map(Document::read) {
        let view = config.service.as_ref().and_then(|(name, _)| views.get(name));
        for (pattern, _) in &config.rule_files {
            for path in config.rules_of(pattern, view).unwrap_or_default() {
                if known.iter().all(|old| !same_file(old, &path)) {
                    found.push(Document::load(&Location { path: path.clone(), named: true }, RuleFile::parse));
                    known.push(path);
                }
            }
        }
    }
    found
}

/// The provisioned files of a kind that Grafana reads, each with its service and view.
fn provisioned<'a>(seen: &[(&'a Service, &'a View)], kind: &str) -> Vec<(&'a Service, &'a View, PathBuf)> {
    let mut found = Vec::new();
    for (service, view) in seen {
        let is_grafana = image_of(service).is_some_and(|image| image.ports == [3000]) || view.shows("/etc/grafana");
        let folder =
            service.environment.get("GF_PATHS_PROVISIONING").map_or("/etc/grafana/provisioning", String::as_str);
        for ending in ["*.yml", "*.yaml"] {
            let files = view.matching(&format!("{folder}/{kind}/{ending}")).into_iter().filter(|_| is_grafana);
            found.extend(files.map(|(_, path)| (*service, *view, path)));
        }
    }
    found
}

fn datasources(seen: &[(&Service, &View)]) -> Vec<Document<Datasources>> {
    let files = provisioned(seen, "datasources").into_iter();
    let load = |(service, _, path): (&Service, &View, PathBuf)| {
        Document::load(&Location { path, named: true }, |path, text| Datasources::parse(path, text, &service.name))
    };
    files.map(load).collect()
}

fn dashboards(locations: &Locations, seen: &[(&Service, &View)]) -> Vec<Document<Dashboard>> {
    let mut found = documents(&locations.dashboards, &["json"], Dashboard::parse);
    let mut known = paths(&locations.dashboards.path, &["json"]);
    for (_, view, path) in provisioned(seen, "dashboards") {
        let text = read_text(&path).map_err(|why| Problem::new(&Place::new(&path, 0), why)).unwrap_or_default();
        for folder in dashboard_folders(&path, &text) {
            let Some(here) = view.path(&folder).filter(|here| here.is_dir()) else { continue };
            for path in paths(&here, &["json"]) {
                if known.iter().all(|old| !same_file(old, &path)) {
                    found.push(Document::load(&Location { path: path.clone(), named: true }, Dashboard::parse));
                    known.push(path);
                }
            }
        }
    }
    found
}
