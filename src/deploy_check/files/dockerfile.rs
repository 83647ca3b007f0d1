//! A Dockerfile: its base images, its command, and whether it has a health check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The parts of a Dockerfile that checks use.
#[derive(Debug)]
pub(in crate::deploy_check) struct Dockerfile {
    pub(in crate::deploy_check) path: PathBuf,
    /// The base images that are not stages of this file, with build arguments replaced.
    pub(in crate::deploy_check) bases: Vec<String>,
    /// Whether the last `HEALTHCHECK` of the final stage sets one.
    pub(in crate::deploy_check) has_health_check: bool,
    entrypoint: String,
    command: String,
}

impl Dockerfile {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut file = Self {
            path: path.to_owned(),
            bases: Vec::new(),
            has_health_check: false,
            entrypoint: String::new(),
            command: String::new(),
        };
        let mut arguments = BTreeMap::new();
        let mut stages = Vec::new();
        for line in instructions(text) {
            let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            let rest = rest.trim();
            match name.to_ascii_uppercase().as_str() {
                "ARG" if stages.is_empty() => {
                    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
                    arguments.insert(name.to_owned(), value.trim_matches('"').to_owned());
                }
                "FROM" => {
                    let words: Vec<_> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
                    let base = words.first().copied().unwrap_or_default();
                    let base = super::interpolation::interpolate(base, &arguments, &mut Vec::new())?;
                    if !stages.contains(&base) && base != "scratch" {
                        file.bases.push(base);
                    }
                    stages.push(words.get(2).copied().unwrap_or_default().to_owned());
                    (file.has_health_check, file.entrypoint, file.command) = (false, String::new(), String::new());
                }
                "HEALTHCHECK" => file.has_health_check = !rest.eq_ignore_ascii_case("none"),
                "ENTRYPOINT" => rest.clone_into(&mut file.entrypoint),
                "CMD" => rest.clone_into(&mut file.command),
                _ => {}
            }
        }
        if stages.is_empty() { Err("it has no FROM".to_owned()) } else { Ok(file) }
    }

    /// Whether the word is part of the image's default entry point or command.
    pub(in crate::deploy_check) fn runs(&self, word: &str) -> bool {
        let words = |line: &str| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|one| one == word);
        words(&self.entrypoint) || words(&self.command)
    }
}

/// The instructions: lines without comments, continued lines joined.
fn instructions(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(part.trim());
            }
            None => lines.push(part.trim().to_owned()),
        }
        open = goes_on;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_those_of_others_and_the_last_stage_counts() {
        let text = "# syntax\nARG TAG=1.91\nFROM rust:${TAG} AS build\nRUN a \\\n  # note\n  && b\nHEALTHCHECK CMD x\n\
                    FROM debian:13-slim\nCOPY --from=build /a /a\nENTRYPOINT [\"storemgr\"]\nCMD [\"serve\"]\n";
        let file = Dockerfile::parse(Path::new("Dockerfile"), text).unwrap();
        assert_eq!(file.bases, ["rust:1.91", "debian:13-slim"]);
        assert!(!file.has_health_check && file.runs("serve") && !file.runs("migrate"));
        assert!(Dockerfile::parse(Path::new("Dockerfile"), "RUN x").is_err());
    }
}
