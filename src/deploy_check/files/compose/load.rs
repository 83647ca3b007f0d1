//! A compose project as one document: its files on top of each other, with what they include and extend.
//!
//! Only files of this machine are read. What would be fetched is remembered as not seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::merge::{merged, normal};
use crate::deploy_check::files::interpolation::{Reference, interpolate};
use crate::deploy_check::files::text::read_text;
use crate::deploy_check::files::variables::Variables;
use crate::deploy_check::files::yaml::{Content, Entry, Node, documents};
use crate::deploy_check::place::{Place, Problem};

/// The most files that one project may be made of, and the deepest chain of includes and extensions.
const MOST_FILES: usize = 100;
const DEEPEST: usize = 16;

/// What was collected while the files were read.
#[derive(Debug, Default)]
pub(super) struct Loader {
    pub(super) references: Vec<Reference>,
    /// What compose itself would refuse.
    pub(super) refused: Vec<Problem>,
    /// What comes from elsewhere and is not read.
    pub(super) unseen: Vec<String>,
    pub(super) files: Vec<PathBuf>,
    /// Whether a file that it should have read is missing, so that services may be missing, too.
    pub(super) incomplete: bool,
}

/// The files that make a project, the folder that their paths start from, and its variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Project<'a> {
    pub(super) files: &'a [PathBuf],
    pub(super) directory: &'a Path,
    pub(super) values: &'a BTreeMap<String, String>,
}

impl Loader {
    /// The document of a whole project.
    pub(super) fn project(&mut self, project: Project<'_>, depth: usize) -> Result<Node, Problem> {
        let mut whole: Option<Node> = None;
        for path in project.files {
            let next = self.file(path, project, depth)?;
            whole = Some(match whole {
                None => next,
                Some(below) => merged(below, next, ""),
            });
        }
        let start = Place::new(project.files.first().map_or(Path::new(""), PathBuf::as_path), 1);
        Ok(whole.unwrap_or_else(|| Node::of_map(&start, Vec::new())))
    }

    /// One file, with what it includes below it.
    fn file(&mut self, path: &Path, project: Project<'_>, depth: usize) -> Result<Node, Problem> {
        let whole = self.raw(path, project.values)?;
        let mut whole = self.extended(whole, project, depth)?;
        let included = whole.get("include").cloned();
        let mut below: Option<Node> = None;
        for item in included.iter().flat_map(Node::list) {
            if let Some(more) = self.included(item, project, depth)? {
                below = Some(match below {
                    None => more,
                    Some(first) => merged(first, more, ""),
                });
            }
        }
        if let Content::Map(entries) = &mut whole.content {
            entries.retain(|entry| entry.key != "include");
        }
        Ok(match below {
            None => whole,
            Some(below) => merged(below, whole, ""),
        })
    }

    /// The text of a file as a mapping, with its variables replaced.
    fn raw(&mut self, path: &Path, values: &BTreeMap<String, String>) -> Result<Node, Problem> {
        let start = Place::new(path, 0);
        if self.files.len() >= MOST_FILES {
            return Err(Problem::new(&start, format!("the project has more than {MOST_FILES} files")));
        }
        let text = read_text(path).map_err(|why| Problem::new(&start, why))?;
        self.files.push(path.to_owned());
        let mut read = documents(path, &text)?;
        self.refused.append(&mut read.twice);
        let mut whole: Option<Node> = None;
        for mut node in read.nodes.into_iter().filter(|node| !node.is_null()) {
            if !node.is_map() {
                return Err(Problem::new(&node.place, "it is not a mapping with services"));
            }
            fill(&mut node, values, &mut self.references)?;
            let node = with_normal_services(node);
            whole = Some(match whole {
                None => node,
                Some(below) => merged(below, node, ""),
            });
        }
        Ok(whole.unwrap_or_else(|| Node::of_map(&start.at(1), Vec::new())))
    }

    /// What one item of `include` brings; `None` for what is not on this machine.
    fn included(&mut self, item: &Node, project: Project<'_>, depth: usize) -> Result<Option<Node>, Problem> {
        let paths = if item.is_map() { item.get("path").map(Node::texts).unwrap_or_default() } else { item.texts() };
        if let Some(remote) = paths.iter().find(|path| is_remote(path)) {
            self.unseen.push(format!("include {}", shown_address(remote)));
            return Ok(None);
        }
        if depth >= DEEPEST {
            return Err(Problem::new(&item.place, "files include each other without end"));
        }
        let files: Vec<PathBuf> = paths.iter().map(|path| project.directory.join(path)).collect();
        if let Some(missing) = files.iter().find(|path| !path.exists()) {
            self.refused.push(Problem::new(&item.place, format!("include: there is no {}", missing.display())));
            self.incomplete = true;
            return Ok(None);
        }
        let own = files.first().and_then(|path| path.parent()).unwrap_or(project.directory).to_owned();
        let directory = Some(item.field("project_directory")).filter(|text| !text.is_empty());
        let directory = directory.map_or(own, |text| project.directory.join(text));
        let mut values = BTreeMap::new();
        let named = item.get("env_file").map(Node::texts).unwrap_or_default();
        let named: Vec<_> = named.iter().map(|path| project.directory.join(path)).collect();
        let of_folder = vec![directory.join(".env")];
        for file in if named.is_empty() { of_folder } else { named } {
            if let Ok(text) = read_text(&file) {
                values.extend(Variables::parse(&file, &text, project.values)?.values);
            }
        }
        values.extend(project.values.clone());
        let inner = Project { files: &files, directory: &directory, values: &values };
        let mut node = self.project(inner, depth + 1)?;
        rebase(&mut node, &directory);
        Ok(Some(node))
    }

    /// The document with every service that extends another one written out.
    fn extended(&mut self, mut whole: Node, project: Project<'_>, depth: usize) -> Result<Node, Problem> {
        let services = whole.get("services").cloned();
        let Some(services) =
            services.filter(|services| services.entries().iter().any(|one| one.value.get("extends").is_some()))
        else {
            return Ok(whole);
        };
        let mut done = Vec::new();
        for entry in services.entries() {
            let value = self.service(&services, &entry.key, project, depth)?;
            done.push(Entry { value: value.unwrap_or_else(|| entry.value.clone()), ..entry.clone() });
        }
        if let Content::Map(entries) = &mut whole.content {
            for entry in entries.iter_mut().filter(|entry| entry.key == "services") {
                entry.value = Node::of_map(&services.place, std::mem::take(&mut done));
            }
        }
        Ok(whole)
    }

    /// A service with what it extends below it; `None` if there is no such service.
    fn service(
        &mut self,
        services: &Node,
        name: &str,
        project: Project<'_>,
        depth: usize,
    ) -> Result<Option<Node>, Problem> {
        let Some(own) = services.get(name) else { return Ok(None) };
        let Some(extends) = own.get("extends") else { return Ok(Some(own.clone())) };
        if depth >= DEEPEST {
            return Err(Problem::new(&extends.place, "services extend each other without end"));
        }
        let file = extends.field("file");
        let wanted = extends.text().map_or_else(|| extends.field("service"), str::to_owned);
        let base = if file.is_empty() {
            self.service(services, &wanted, project, depth + 1)?
        } else if is_remote(&file) {
            self.unseen.push(format!("extends {} in {name}", shown_address(&file)));
            return Ok(Some(without_extends(own.clone())));
        } else {
            let other = project.directory.join(&file);
            if !other.exists() {
                let says = format!("{name} extends a service of {}, which is not there", other.display());
                self.refused.push(Problem::new(&extends.place, says));
                self.incomplete = true;
                return Ok(Some(without_extends(own.clone())));
            }
            let whole = self.raw(&other, project.values)?;
            let there = whole.get("services").cloned().unwrap_or_else(|| Node::null(&whole.place));
            let folder = other.parent().unwrap_or(project.directory).to_owned();
            let inner = Project { directory: &folder, ..project };
            let mut base = self.service(&there, &wanted, inner, depth + 1)?;
            if let Some(base) = &mut base {
                rebase_service(base, &folder);
            }
            base
        };
        let own = without_extends(own.clone());
        let Some(base) = base else {
            let says = format!("{name} extends the service {wanted}, which is not there");
            self.refused.push(Problem::new(&extends.place, says));
            self.incomplete = true;
            return Ok(Some(own));
        };
        Ok(Some(merged(base, own, "")))
    }
}

fn without_extends(mut service: Node) -> Node {
    if let Content::Map(entries) = &mut service.content {
        entries.retain(|entry| entry.key != "extends");
    }
    service
}

fn with_normal_services(mut node: Node) -> Node {
    if let Content::Map(entries) = &mut node.content {
        for entry in entries.iter_mut().filter(|entry| entry.key == "services") {
            if let Content::Map(services) = &mut entry.value.content {
                for service in services {
                    let place = service.value.place.clone();
                    let value = std::mem::replace(&mut service.value, Node::null(&place));
                    service.value = normal(value);
                }
            }
        }
    }
    node
}

/// Whether a path is an address from which something would be fetched.
pub(super) fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("github.com/")
        || path.starts_with("oci:")
        || ([".git#", ".git?"].iter().any(|part| path.contains(part))
            || Path::new(path).extension().is_some_and(|ending| ending == "git"))
}

/// An address without what may be a password in it.
fn shown_address(address: &str) -> String {
    match (address.find("://"), address.find('@')) {
        (Some(start), Some(at)) if at > start => format!("{}…{}", &address[..start + 3], &address[at..]),
        _ => address.to_owned(),
    }
}

/// Replaces the variables in every text of a document, and collects the references.
fn fill(node: &mut Node, values: &BTreeMap<String, String>, references: &mut Vec<Reference>) -> Result<(), Problem> {
    match &mut node.content {
        Content::Text(text) if text.value.contains('$') => {
            let value = interpolate(&text.value, values, references).map_err(|why| Problem::new(&node.place, why))?;
            let written = std::mem::replace(&mut text.value, value);
            text.written = Some(written);
            if text.plain && text.value.is_empty() {
                text.plain = false;
            }
        }
        Content::List(items) => items.iter_mut().try_for_each(|item| fill(item, values, references))?,
        Content::Map(entries) => {
            entries.iter_mut().try_for_each(|entry| fill(&mut entry.value, values, references))?;
        }
        Content::Text(_) | Content::Null => {}
    }
    Ok(())
}

/// Makes the paths of an included project start from the root, because they start from another folder.
fn rebase(node: &mut Node, folder: &Path) {
    let Content::Map(entries) = &mut node.content else { return };
    for entry in entries {
        let Content::Map(inner) = &mut entry.value.content else { continue };
        for one in inner {
            match entry.key.as_str() {
                "services" => rebase_service(&mut one.value, folder),
                "secrets" | "configs" => rebase_key(&mut one.value, "file", folder),
                _ => {}
            }
        }
    }
}

fn rebase_service(service: &mut Node, folder: &Path) {
    let Content::Map(entries) = &mut service.content else { return };
    for entry in entries {
        match entry.key.as_str() {
            "build" => {
                if entry.value.text().is_some() {
                    rebase_text(&mut entry.value, folder);
                } else {
                    rebase_key(&mut entry.value, "context", folder);
                }
            }
            "env_file" => match &mut entry.value.content {
                Content::List(items) => {
                    for item in items {
                        if item.is_map() { rebase_key(item, "path", folder) } else { rebase_text(item, folder) }
                    }
                }
                _ => rebase_text(&mut entry.value, folder),
            },
            "volumes" => {
                let Content::List(items) = &mut entry.value.content else { continue };
                for item in items {
                    if item.field("type") == "bind" {
                        rebase_key(item, "source", folder);
                    } else if item.text().is_some_and(|text| text.starts_with('.')) {
                        rebase_text(item, folder);
                    }
                }
            }
            _ => {}
        }
    }
}

fn rebase_key(node: &mut Node, key: &str, folder: &Path) {
    let Content::Map(entries) = &mut node.content else { return };
    for entry in entries.iter_mut().filter(|entry| entry.key == key) {
        rebase_text(&mut entry.value, folder);
    }
}

fn rebase_text(node: &mut Node, folder: &Path) {
    let Content::Text(text) = &mut node.content else { return };
    if text.value.is_empty() || text.value.starts_with(['/', '~']) || is_remote(&text.value) {
        return;
    }
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    text.value = whole.join(&text.value).display().to_string();
}
