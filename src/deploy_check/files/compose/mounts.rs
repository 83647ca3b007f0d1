//! Mounts: `./here:/there:ro`, `volume:/there`, `/there`, or a mapping with a type.

use std::path::{Path, PathBuf};

use crate::deploy_check::files::paths::under;
use crate::deploy_check::files::yaml::Node;
use crate::deploy_check::place::Place;

/// What a mount shows in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum Source {
    /// A file or a folder of this machine.
    Path(PathBuf),
    /// A named volume.
    Volume(String),
    /// A volume without a name: it is lost with the container.
    Anonymous,
    /// Memory.
    Memory,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Mount {
    pub(in crate::deploy_check) source: Source,
    /// The path in the container.
    pub(in crate::deploy_check) target: String,
    /// Whether the engine makes a missing folder of this machine; the long form does not unless told to.
    pub(in crate::deploy_check) makes_folder: bool,
    /// Whether its source is written from the folder of the project on, not from the root or somebody's home.
    pub(in crate::deploy_check) is_relative: bool,
    pub(in crate::deploy_check) place: Place,
}

impl Mount {
    /// The path on this machine, if it shows one.
    pub(in crate::deploy_check) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            _ => None,
        }
    }
}

/// The mounts of a service, those in memory (`tmpfs`) included.
pub(super) fn mounts(service: &Node, directory: &Path) -> Vec<Mount> {
    let mut mounts: Vec<_> =
        service.get("volumes").into_iter().flat_map(Node::list).filter_map(|item| one(item, directory)).collect();
    for target in service.get("tmpfs").map(Node::texts).unwrap_or_default() {
        let place = service.get("tmpfs").map_or_else(|| service.place.clone(), |node| node.place.clone());
        let target = target.split(':').next().unwrap_or_default().to_owned();
        mounts.push(Mount { source: Source::Memory, target, makes_folder: true, is_relative: false, place });
    }
    mounts
}

fn one(item: &Node, directory: &Path) -> Option<Mount> {
    let place = item.place.clone();
    if item.is_map() {
        let (source, target) = (item.field("source"), trimmed(&item.field("target")));
        let is_relative = !source.starts_with(['/', '~']);
        let made = item.at(&["bind", "create_host_path"]).is_none_or(Node::is_true);
        let source = match item.field("type").as_str() {
            "bind" => Source::Path(on_machine(&source, directory)),
            "volume" if source.is_empty() => Source::Anonymous,
            "volume" => Source::Volume(source),
            "tmpfs" => Source::Memory,
            _ => return None,
        };
        return Some(Mount { source, target, makes_folder: made, is_relative, place });
    }
    let text = item.text()?;
    let (source, target) = match split(text) {
        (target, None) => (Source::Anonymous, target),
        (source, Some(target)) if source.starts_with(['.', '/', '~']) => {
            (Source::Path(on_machine(source, directory)), target)
        }
        (source, Some(target)) => (Source::Volume(source.to_owned()), target),
    };
    let is_relative = text.starts_with('.');
    Some(Mount { source, target: trimmed(target), makes_folder: true, is_relative, place })
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        None => (text, None),
        Some((source, rest)) => (source, Some(rest.split(':').next().unwrap_or_default())),
    }
}

fn trimmed(target: &str) -> String {
    if target.len() > 1 { target.trim_end_matches('/').to_owned() } else { target.to_owned() }
}

/// A path as compose takes it: from the folder of the project, `~` for the home of who runs it.
fn on_machine(source: &str, directory: &Path) -> PathBuf {
    match source.strip_prefix('~') {
        Some(rest) => {
            let home = std::env::var_os("HOME").unwrap_or_default();
            PathBuf::from(home).join(rest.trim_start_matches('/'))
        }
        None => under(directory, source),
    }
}
