//! Which files make the project of a folder, as Compose finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::whole;
use super::text::read_text;
use super::variables::Variables;

/// The names that Compose looks for, in its order.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Files that are put on top where they stand beside the first one.
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The place of the compose file in repositories like this one.
const OF_THIS_REPOSITORY: &str = "ops/compose.yml";

/// The compose files of a folder: those of `COMPOSE_FILE`, otherwise the usual one with its override, otherwise
/// `ops/compose.yml`, otherwise the usual one of a folder above.
pub fn compose_files(folder: &Path, variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    if let Some(named) = variables.get("COMPOSE_FILE").filter(|named| !named.is_empty()) {
        let separator =
            variables.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).map_or(":", String::as_str);
        return named.split(separator).map(|name| folder.join(name)).collect();
    }
    let usual = usual(folder);
    if !usual.is_empty() {
        return usual;
    }
    let own = folder.join(OF_THIS_REPOSITORY);
    if own.exists() {
        return vec![own];
    }
    let above = whole(folder);
    let above = above.ancestors().skip(1).map(self::usual).find(|found| !found.is_empty());
    above.unwrap_or_else(|| vec![own])
}

/// The variables of a `.env` that say which files make the project; empty if it cannot be read.
pub fn compose_variables(env_file: &Path) -> BTreeMap<String, String> {
    let text = read_text(env_file).unwrap_or_default();
    Variables::parse(env_file, &text, &BTreeMap::new()).map(|read| read.values).unwrap_or_default()
}

fn usual(folder: &Path) -> Vec<PathBuf> {
    let first = |names: &[&str]| names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let Some(found) = first(&NAMES) else { return Vec::new() };
    std::iter::once(found)
        .chain(first(&OVERRIDES))
        .map(|path| path.strip_prefix("./").map(Path::to_owned).unwrap_or(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_those_that_compose_takes() {
        let folder = tempfile::tempdir().unwrap();
        let found = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let files = compose_files(folder.path(), &variables);
            let name = |path: &PathBuf| {
                path.strip_prefix(folder.path()).map(|path| path.display().to_string()).unwrap_or_default()
            };
            files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(found(&[]), ["ops/compose.yml"]);
        for name in ["docker-compose.yml", "docker-compose.override.yml"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(found(&[]), ["docker-compose.yml", "docker-compose.override.yml"]);
        std::fs::write(folder.path().join("compose.yaml"), "").unwrap();
        assert_eq!(found(&[])[0], "compose.yaml");
        assert_eq!(found(&[("COMPOSE_FILE", "a.yml:b.yml")]), ["a.yml", "b.yml"]);
        assert_eq!(found(&[("COMPOSE_FILE", "a;b"), ("COMPOSE_PATH_SEPARATOR", ";")]), ["a", "b"]);
    }
}
