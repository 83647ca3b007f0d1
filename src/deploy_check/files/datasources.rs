//! What Grafana is provisioned with: the addresses of its datasources, and the folders of its dashboards.

use std::path::{Path, PathBuf};

use super::prometheus::Target;
use super::yaml::{Node, document};
use crate::deploy_check::place::Problem;

#[derive(Debug)]
pub(in crate::deploy_check) struct Datasources {
    pub(in crate::deploy_check) path: PathBuf,
    /// The service that reads them.
    pub(in crate::deploy_check) service: String,
    /// The addresses, as URLs or `host:port`.
    pub(in crate::deploy_check) addresses: Vec<Target>,
}

impl Datasources {
    pub(super) fn parse(path: &Path, text: &str, service: &str) -> Result<Self, Problem> {
        let document = document(path, text)?;
        let listed = document.get("datasources").map(Node::list).unwrap_or_default();
        // Grafana fills in variables itself; what holds one is not known here, and neither is what a browser asks.
        let asked = listed.iter().filter(|one| one.field("access") != "direct" && one.field("access") != "browser");
        let urls = asked.filter_map(|one| one.get("url"));
        let known = urls.filter(|url| !url.string().contains('$') && !url.string().is_empty());
        let addresses = known.map(|url| Target { address: url.string(), place: url.place.clone() }).collect();
        Ok(Self { path: path.to_owned(), service: service.to_owned(), addresses })
    }
}

/// The folders of dashboards that a file of providers names.
pub(super) fn dashboard_folders(path: &Path, text: &str) -> Vec<String> {
    let Ok(document) = document(path, text) else { return Vec::new() };
    let providers = document.get("providers").map(Node::list).unwrap_or_default();
    providers
        .iter()
        .filter_map(|one| one.at(&["options", "path"]))
        .map(Node::string)
        .filter(|path| !path.is_empty())
        .collect()
}
