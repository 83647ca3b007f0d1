//! Which files of this machine a container sees at which path: by its mounts, its configurations, and what its Dockerfile
//! copies.

use std::path::{Path, PathBuf};

use super::compose::{Build, Compose, SecretSource, Service};
use super::dockerfile::Dockerfile;
use super::document::same_file;
use super::paths::under;

/// The most files that are listed of one folder.
const MOST: usize = 500;

/// The files of one container, as far as they are on this machine.
#[derive(Clone, Debug, Default)]
pub(in crate::deploy_check) struct View {
    /// Paths in the container and what is there; the later one counts.
    shown: Vec<(String, PathBuf)>,
}

impl View {
    pub(super) fn of(compose: &Compose, service: &Service, dockerfiles: &[&Dockerfile]) -> Self {
        let mut shown = Vec::new();
        if let Some(build) = compose.build_of(service) {
            shown.extend(copied(build, dockerfiles));
        }
        for (name, target) in &service.configs {
            if let Some(SecretSource::File(path)) = compose.configs.get(name) {
                shown.push((target.clone(), path.clone()));
            }
        }
        let mut mounts: Vec<_> =
            service.mounts.iter().filter_map(|mount| Some((mount.target.clone(), mount.path()?.to_owned()))).collect();
        mounts.sort_by_key(|(target, _)| target.len());
        shown.extend(mounts);
        Self { shown }
    }

    /// The file or folder of this machine that is at a path of the container.
    pub(in crate::deploy_check) fn path(&self, inside: &str) -> Option<PathBuf> {
        self.shown.iter().rev().find_map(|(target, here)| {
            if target == inside {
                return Some(here.clone());
            }
            let rest = inside.strip_prefix(target.as_str())?;
            let rest = if target == "/" { rest } else { rest.strip_prefix('/')? };
            Some(here.join(rest)).filter(|path| path.exists())
        })
    }

    /// The file at a path of the container, if it is there.
    pub(in crate::deploy_check) fn file(&self, inside: &str) -> Option<PathBuf> {
        self.path(inside).filter(|path| path.is_file())
    }

    /// The files that a pattern with `*` in its last part names, in order: the path in the container, and here.
    pub(in crate::deploy_check) fn matching(&self, pattern: &str) -> Vec<(String, PathBuf)> {
        if !pattern.contains(['*', '?', '[']) {
            return self.file(pattern).map(|path| (pattern.to_owned(), path)).into_iter().collect();
        }
        let (folder, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        if folder.contains(['*', '?', '[']) {
            let (above, middle) = folder.rsplit_once('/').unwrap_or(("", folder));
            for (name, path) in self.entries(above) {
                if path.is_dir() && fits(middle, &name) {
                    found.extend(self.matching(&format!("{above}/{name}/{last}")));
                }
            }
        } else {
            let entries = self.entries(folder).into_iter().filter(|(name, path)| path.is_file() && fits(last, name));
            found.extend(entries.map(|(name, path)| (format!("{folder}/{name}"), path)));
        }
        found.sort();
        found
    }

    /// What is in a folder of the container: names, and paths here.
    pub(in crate::deploy_check) fn entries(&self, folder: &str) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let mut add = |name: String, path: PathBuf| {
            found.retain(|(known, _)| *known != name);
            found.push((name, path));
        };
        if let Some(here) = self.path(folder).filter(|path| path.is_dir()) {
            for entry in std::fs::read_dir(here).into_iter().flatten().flatten().take(MOST) {
                add(entry.file_name().to_string_lossy().into_owned(), entry.path());
            }
        }
        for (target, here) in &self.shown {
            if let Some((above, name)) = target.rsplit_once('/')
                && above == folder
                && !name.is_empty()
            {
                add(name.to_owned(), here.clone());
            }
        }
        found
    }

    /// Whether anything of this machine is at this path of the container, or below it.
    pub(in crate::deploy_check) fn shows(&self, folder: &str) -> bool {
        let below =
            |target: &str| target == folder || target.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.shown.iter().any(|(target, _)| below(target)) || self.path(folder).is_some()
    }
}

/// The Dockerfile that an image is built from, if it was read.
pub(super) fn dockerfile_of<'d>(build: &Build, dockerfiles: &[&'d Dockerfile]) -> Option<&'d Dockerfile> {
    let path = build.dockerfile.as_ref()?;
    dockerfiles.iter().copied().find(|file| same_file(&file.path, path))
}

/// What the stage of a Dockerfile that is built copies from the folder it is built in.
fn copied(build: &Build, dockerfiles: &[&Dockerfile]) -> Vec<(String, PathBuf)> {
    let stage = dockerfile_of(build, dockerfiles).and_then(|file| file.stage(&build.target));
    let (Some(context), Some(stage)) = (&build.context, stage) else { return Vec::new() };
    let mut shown = Vec::new();
    for (sources, target) in &stage.copies {
        let folder_wanted = target.ends_with('/') || sources.len() > 1;
        for source in sources {
            let here = under(context, source.trim_start_matches('/'));
            let name = Path::new(source).file_name().map(|name| name.to_string_lossy().into_owned());
            let inside = match name.filter(|_| folder_wanted && here.is_file()) {
                Some(name) => format!("{}/{name}", target.trim_end_matches('/')),
                None => target.trim_end_matches('/').to_owned(),
            };
            if here.exists() {
                shown.push((inside, here));
            }
        }
    }
    shown
}

/// Whether a name fits a pattern with `*` and `?`.
pub(in crate::deploy_check) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star, mut mark) = (0, 0, None, 0);
    while n < name.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) && pattern[p] != '*' {
            p += 1;
            n += 1;
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some(p);
            mark = n;
            p += 1;
        } else if let Some(at) = star {
            p = at + 1;
            mark += 1;
            n = mark;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a?.*", "ab.x", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
