//! A Dockerfile: its base images, its command, and whether it has a health check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::deploy_check::place::{Place, Problem};

/// The parts of a Dockerfile that checks use.
#[derive(Debug)]
pub(in crate::deploy_check) struct Dockerfile {
    pub(in crate::deploy_check) path: PathBuf,
    /// The base images that are not stages of this file, with build arguments replaced.
    pub(in crate::deploy_check) bases: Vec<String>,
    /// The line of each base image.
    pub(in crate::deploy_check) base_lines: Vec<usize>,
    stages: Vec<Stage>,
}

/// What an image has that is built up to one stage. A stage on top of another one of the file has what that one has.
#[derive(Clone, Debug, Default)]
pub(in crate::deploy_check) struct Stage {
    name: String,
    /// Whether its last `HEALTHCHECK` sets one.
    pub(in crate::deploy_check) has_health_check: bool,
    /// What it copies from the folder it is built in: the sources, and the path in the image.
    pub(super) copies: Vec<(Vec<String>, String)>,
    /// The ports that it says it listens on.
    pub(in crate::deploy_check) exposed: Vec<u16>,
    entrypoint: String,
    command: String,
}

impl Dockerfile {
    /// Reads the file; `given` are the build arguments that the compose file sets.
    pub(super) fn parse(path: &Path, text: &str, given: &BTreeMap<String, String>) -> Result<Self, Problem> {
        let start = Place::new(path, 0);
        let mut file = Self { path: path.to_owned(), bases: Vec::new(), base_lines: Vec::new(), stages: Vec::new() };
        let mut arguments = BTreeMap::new();
        for (number, line) in instructions(text) {
            let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            let rest = rest.trim();
            match (name.to_ascii_uppercase().as_str(), file.stages.last_mut()) {
                ("ARG", None) => {
                    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
                    let value = given.get(name).cloned().unwrap_or_else(|| value.trim_matches(['"', '\'']).to_owned());
                    arguments.insert(name.to_owned(), value);
                }
                ("FROM", _) => {
                    let words: Vec<_> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
                    let base = words.first().copied().unwrap_or_default();
                    let base = super::interpolation::interpolate(base, &arguments, &mut Vec::new())
                        .map_err(|why| Problem::new(&start.at(number), why))?;
                    let below = file.named(&base).cloned();
                    if below.is_none() && base != "scratch" {
                        file.bases.push(base);
                        file.base_lines.push(number);
                    }
                    let name = words.get(2).copied().unwrap_or_default().to_owned();
                    file.stages.push(Stage { name, ..below.unwrap_or_default() });
                }
                ("HEALTHCHECK", Some(stage)) => stage.has_health_check = !rest.eq_ignore_ascii_case("none"),
                ("ENTRYPOINT", Some(stage)) => rest.clone_into(&mut stage.entrypoint),
                ("CMD", Some(stage)) => rest.clone_into(&mut stage.command),
                ("COPY" | "ADD", Some(stage)) => stage.copies.extend(copy(rest)),
                ("EXPOSE", Some(stage)) => {
                    let ports = rest.split_whitespace().map(|port| port.split('/').next().unwrap_or_default());
                    stage.exposed.extend(ports.filter_map(|port| port.parse::<u16>().ok()));
                }
                _ => {}
            }
        }
        if file.stages.is_empty() { Err(Problem::new(&start, "it has no FROM")) } else { Ok(file) }
    }

    fn named(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().rev().find(|stage| !stage.name.is_empty() && stage.name.eq_ignore_ascii_case(name))
    }

    /// The stage up to which an image is built: by its name or its number, the last one if nothing is said.
    pub(in crate::deploy_check) fn stage(&self, target: &str) -> Option<&Stage> {
        if target.is_empty() {
            return self.stages.last();
        }
        self.named(target).or_else(|| target.parse::<usize>().ok().and_then(|number| self.stages.get(number)))
    }
}

impl Stage {
    /// The words of the image's default entry point and command.
    pub(in crate::deploy_check) fn words(&self) -> Vec<String> {
        let separators = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | '"' | '\'');
        let words =
            |line: &str| line.split(separators).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        words(&self.entrypoint).into_iter().chain(words(&self.command)).collect()
    }
}

/// The sources and the target of a copy; `None` for what comes from another stage or an address.
fn copy(rest: &str) -> Option<(Vec<String>, String)> {
    if rest.split_whitespace().any(|word| word.starts_with("--from")) || rest.contains("<<") {
        return None;
    }
    let clean = rest.trim_start_matches('[').trim_end_matches(']').replace(['"', ','], " ");
    let mut words: Vec<String> =
        clean.split_whitespace().filter(|word| !word.starts_with("--")).map(str::to_owned).collect();
    let target = words.pop()?;
    (!words.is_empty() && target.starts_with('/') && !words.iter().any(|word| word.contains("://")))
        .then_some((words, target))
}

/// The instructions with the lines they begin in: without comments, continued lines joined.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| open) {
            Some((_, last)) => {
                last.push(' ');
                last.push_str(part.trim());
            }
            None => lines.push((number + 1, part.trim().to_owned())),
        }
        open = goes_on;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_has_what_the_one_below_it_has() {
        let text = "FROM a:1 AS base\nEXPOSE 5000\nHEALTHCHECK CMD x\nCMD [\"serve\"]\nFROM base AS worker\nCMD [\"work\"]\n\
                    FROM base AS bare\nHEALTHCHECK NONE\n";
        let file = Dockerfile::parse(Path::new("Dockerfile"), text, &BTreeMap::new()).unwrap();
        let seen = |name: &str| {
            let stage = file.stage(name).unwrap();
            (stage.has_health_check, stage.exposed.clone(), stage.words())
        };
        assert_eq!(seen("worker"), (true, vec![5000], vec!["work".to_owned()]));
        assert_eq!(seen(""), (false, vec![5000], vec!["serve".to_owned()]));
        assert_eq!(file.bases, ["a:1"]);
    }

    #[test]
    fn bases_are_those_of_others_and_the_last_stage_counts() {
        let text = "# syntax\nARG TAG=1.91\nFROM rust:${TAG} AS build\nRUN a \\\n  # note\n  && b\nHEALTHCHECK CMD x\n\
                    FROM debian:13-slim\nCOPY --from=build /a /a\nCOPY nginx.conf /etc/nginx/\nEXPOSE 80 443/tcp\n\
                    ENTRYPOINT [\"storemgr\"]\nCMD [\"serve\"]\n";
        let read = |given: &BTreeMap<String, String>| Dockerfile::parse(Path::new("Dockerfile"), text, given).unwrap();
        let file = read(&BTreeMap::new());
        assert_eq!(file.bases, ["rust:1.91", "debian:13-slim"]);
        let stage = file.stage("").unwrap();
        assert!(!stage.has_health_check && stage.words() == ["storemgr", "serve"]);
        assert!(file.stage("BUILD").unwrap().has_health_check && file.stage("0").unwrap().words().is_empty());
        assert!(file.stage("test").is_none() && file.stage("2").is_none());
        assert_eq!(stage.copies, [(vec!["nginx.conf".to_owned()], "/etc/nginx/".to_owned())]);
        assert_eq!(stage.exposed, [80, 443]);
        assert_eq!(read(&BTreeMap::from([("TAG".to_owned(), "1.92".to_owned())])).bases[0], "rust:1.92");
        assert!(Dockerfile::parse(Path::new("Dockerfile"), "RUN x", &BTreeMap::new()).is_err());
    }
}
