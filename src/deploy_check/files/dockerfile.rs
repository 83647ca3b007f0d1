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
    /// Whether the last `HEALTHCHECK` of the final stage sets one.
    pub(in crate::deploy_check) has_health_check: bool,
    /// What the final stage copies from the folder it is built in: the sources, and the path in the image.
    pub(super) copies: Vec<(Vec<String>, String)>,
    /// The ports that the final stage says it listens on.
    pub(in crate::deploy_check) exposed: Vec<u16>,
    /// The line of each base image.
    pub(in crate::deploy_check) base_lines: Vec<usize>,
    entrypoint: String,
    command: String,
}

impl Dockerfile {
    /// Reads the file; `given` are the build arguments that the compose file sets.
    pub(super) fn parse(path: &Path, text: &str, given: &BTreeMap<String, String>) -> Result<Self, Problem> {
        let start = Place::new(path, 0);
        let mut file = Self {
            path: path.to_owned(),
            bases: Vec::new(),
            has_health_check: false,
            copies: Vec::new(),
            exposed: Vec::new(),
            base_lines: Vec::new(),
            entrypoint: String::new(),
            command: String::new(),
        };
        let mut arguments = BTreeMap::new();
        let mut stages = Vec::new();
        for (number, line) in instructions(text) {
            let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            let rest = rest.trim();
            match name.to_ascii_uppercase().as_str() {
                "ARG" if stages.is_empty() => {
                    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
                    let value = given.get(name).cloned().unwrap_or_else(|| value.trim_matches(['"', '\'']).to_owned());
                    arguments.insert(name.to_owned(), value);
                }
                "FROM" => {
                    let words: Vec<_> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
                    let base = words.first().copied().unwrap_or_default();
                    let base = super::interpolation::interpolate(base, &arguments, &mut Vec::new())
                        .map_err(|why| Problem::new(&start.at(number), why))?;
                    let known = stages.iter().any(|stage: &String| stage.eq_ignore_ascii_case(&base));
                    if !known && base != "scratch" {
                        file.bases.push(base);
                        file.base_lines.push(number);
                    }
                    stages.push(words.get(2).copied().unwrap_or_default().to_owned());
                    (file.has_health_check, file.entrypoint, file.command) = (false, String::new(), String::new());
                    file.copies.clear();
                    file.exposed.clear();
                }
                "HEALTHCHECK" => file.has_health_check = !rest.eq_ignore_ascii_case("none"),
                "ENTRYPOINT" => rest.clone_into(&mut file.entrypoint),
                "CMD" => rest.clone_into(&mut file.command),
                "COPY" | "ADD" => file.copies.extend(copy(rest)),
                "EXPOSE" => {
                    let ports = rest.split_whitespace().map(|port| port.split('/').next().unwrap_or_default());
                    file.exposed.extend(ports.filter_map(|port| port.parse::<u16>().ok()));
                }
                _ => {}
            }
        }
        if stages.is_empty() { Err(Problem::new(&start, "it has no FROM")) } else { Ok(file) }
    }

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
    fn bases_are_those_of_others_and_the_last_stage_counts() {
        let text = "# syntax\nARG TAG=1.91\nFROM rust:${TAG} AS build\nRUN a \\\n  # note\n  && b\nHEALTHCHECK CMD x\n\
                    FROM debian:13-slim\nCOPY --from=build /a /a\nCOPY nginx.conf /etc/nginx/\nEXPOSE 80 443/tcp\n\
                    ENTRYPOINT [\"storemgr\"]\nCMD [\"serve\"]\n";
        let read = |given: &BTreeMap<String, String>| Dockerfile::parse(Path::new("Dockerfile"), text, given).unwrap();
        let file = read(&BTreeMap::new());
        assert_eq!(file.bases, ["rust:1.91", "debian:13-slim"]);
        assert!(!file.has_health_check && file.words() == ["storemgr", "serve"]);
        assert_eq!(file.copies, [(vec!["nginx.conf".to_owned()], "/etc/nginx/".to_owned())]);
        assert_eq!(file.exposed, [80, 443]);
        assert_eq!(read(&BTreeMap::from([("TAG".to_owned(), "1.92".to_owned())])).bases[0], "rust:1.92");
        assert!(Dockerfile::parse(Path::new("Dockerfile"), "RUN x", &BTreeMap::new()).is_err());
    }
}
