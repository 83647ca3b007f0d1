//! The outcome of reading a file of a deployment, and the files of a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::location::Location;
use super::text::read_text;
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::place::{Place, Problem};

/// The most files of a folder, and the deepest folder in it.
const MOST: usize = 1000;
const DEEPEST: usize = 8;

/// The outcome of reading a file of a deployment.
#[derive(Debug)]
pub(super) enum Document<T> {
    /// It does not exist at its usual place, and it was not named; a sentence for the skip.
    Absent(String),
    /// It was named and does not exist, or it cannot be read or parsed.
    Unreadable(Problem),
    /// It was read and parsed.
    Read(T),
}

impl<T> Document<T> {
    pub(super) fn load(location: &Location, parse: impl FnOnce(&Path, &str) -> Result<T, Problem>) -> Self {
        let path = &location.path;
        if !location.named && !path.exists() {
            return Self::absent(path);
        }
        let text = read_text(path).map_err(|why| Problem::new(&Place::new(path, 0), why));
        Self::of(text.and_then(|text| parse(path, &text)))
    }

    pub(super) fn absent(path: &Path) -> Self {
        Self::Absent(format!("there is no {}", path.display()))
    }

    pub(super) fn of(read: Result<T, Problem>) -> Self {
        match read {
            Ok(value) => Self::Read(value),
            Err(problem) => Self::Unreadable(problem),
        }
    }

    /// The content, or the outcome (a skip) of a check that needs it.
    pub(super) fn get(&self) -> Result<&T, CheckOutcome> {
        match self {
            Self::Absent(sentence) => {
                Err(CheckOutcome::skip(sentence.clone(), "name the file if it is elsewhere; see --help"))
            }
            Self::Unreadable(_) => Err(CheckOutcome::skip("the file cannot be read", "see files-readable")),
            Self::Read(value) => Ok(value),
        }
    }

    pub(super) fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent(_) | Self::Unreadable(_) => None,
        }
    }

    /// Whether it was read; why it cannot be.
    pub(super) fn state(&self) -> Result<bool, &Problem> {
        match self {
            Self::Absent(_) => Ok(false),
            Self::Unreadable(problem) => Err(problem),
            Self::Read(_) => Ok(true),
        }
    }
}

/// The contents of all files that exist; a skip if one of them cannot be read.
pub(super) fn readable<T>(documents: &[Document<T>]) -> Result<Vec<&T>, CheckOutcome> {
    documents.iter().filter(|document| !matches!(document, Document::Absent(_))).map(Document::get).collect()
}

/// Reads the files with these extensions in a folder and its subfolders, or a single file.
pub(super) fn documents<T>(
    location: &Location,
    endings: &[&str],
    parse: impl Fn(&Path, &str) -> Result<T, Problem>,
) -> Vec<Document<T>> {
    let paths = paths(&location.path, endings);
    let named = location.named || location.path.is_dir();
    paths.into_iter().map(|path| Document::load(&Location { path, named }, &parse)).collect()
}

/// The files with these extensions in a folder and its subfolders, or the path itself.
pub(super) fn paths(place: &Path, endings: &[&str]) -> Vec<PathBuf> {
    if !place.is_dir() {
        return vec![place.to_owned()];
    }
    let mut paths = Vec::new();
    collect(place, endings, &mut BTreeSet::new(), 0, &mut paths);
    paths.sort();
    paths
}

/// A folder that was seen is left out, so that links in a circle end.
fn collect(folder: &Path, endings: &[&str], seen: &mut BTreeSet<PathBuf>, depth: usize, paths: &mut Vec<PathBuf>) {
    let fresh = folder.canonicalize().is_ok_and(|whole| seen.insert(whole));
    if !fresh || depth > DEEPEST {
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if paths.len() >= MOST || seen.len() >= MOST {
            return;
        }
        if path.is_dir() {
            collect(&path, endings, seen, depth + 1, paths);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            paths.push(path);
        }
    }
}

pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
