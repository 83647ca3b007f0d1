//! The files of real deployments with accidents in them: a line too many or too few, a sign where none belongs, half a file.
//! Every check gives a result, and soon. `ops/fuzz` does the same for hours, led by what code an input reaches.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use storemgr::deploy_check::{CATALOG, Check, before};
use tempfile::TempDir;

use super::anywhere::{files_of, write_all};
use super::corpus::deployments;

/// Checks that start programs or look at the ports of this machine.
const LEFT_OUT: [&str; 4] = ["nginx-valid", "prometheus-valid", "ports-free", "env-not-committed"];

/// So many accidents happen to each deployment.
const EACH: usize = 80;

/// No check of files may take longer, and a tenth of it is much.
const LONGEST: Duration = Duration::from_secs(5);

/// What is put in where it does not belong.
const SIGNS: [&str; 24] = [
    "${",
    "${A:-${B:?",
    "}",
    "{",
    "[",
    "*a",
    "&a",
    "<<: *a",
    "!reset",
    "- ",
    ": ",
    "#",
    "'",
    "\"",
    "|\n",
    "\t",
    "\0",
    "\u{feff}",
    "é",
    "-1",
    "1e999",
    "99999999999999999999",
    "null",
    "include: ../*",
];

/// The same numbers each time (xorshift64, Marsaglia 2003): what a commit is judged by must not differ from run to run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % most.max(1)
    }

    /// A text with one accident.
    fn accident(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (line, other) = (self.below(lines.len()), self.below(lines.len()));
        if lines.is_empty() {
            return SIGNS[self.below(SIGNS.len())].to_owned();
        }
        match self.below(7) {
            0 => drop(lines.remove(line)),
            1 => lines.insert(other, lines[line].clone()),
            2 => lines.swap(line, other),
            3 => lines[line].insert_str(0, "  "),
            4 => {
                let indented = lines[line].len() - lines[line].trim_start().len();
                lines[line].replace_range(..indented, "");
            }
            5 => {
                let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                return text[..ends[self.below(ends.len())]].to_owned();
            }
            _ => {
                let places: Vec<usize> = lines[line].char_indices().map(|(at, _)| at).collect();
                let at = places.get(self.below(places.len())).copied().unwrap_or(0);
                let sign = SIGNS[self.below(SIGNS.len())].repeat([1, 1, 3_000][self.below(3)]);
                lines[line].insert_str(at, &sign);
            }
        }
        lines.join("\n")
    }
}

async fn assert_judged(name: &str, checks: &[Check], files: &BTreeMap<String, String>, changed: &str) {
    let folder = TempDir::new().unwrap();
    write_all(folder.path(), files);
    let start = Instant::now();
    let verdict = before(checks, files_of(folder.path())).await;
    let took = start.elapsed();
    let failed = verdict.checks.iter().find(|finding| finding.seen.starts_with("the check itself failed"));
    assert!(failed.is_none() && took < LONGEST, "{name}, {took:?}, {failed:?}, {changed}:\n{}", files[changed]);
}

#[tokio::test]
async fn no_accident_in_a_file_crashes_a_check_or_takes_long() {
    let checks: Vec<_> = CATALOG.iter().filter(|check| !LEFT_OUT.contains(&check.id)).copied().collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for (name, deployment) in deployments() {
        let names: Vec<&String> = deployment.files.keys().collect();
        for _ in 0..EACH {
            let mut files = deployment.files.clone();
            let changed = names[numbers.below(names.len())];
            let text = files.get_mut(changed).unwrap();
            for _ in 0..=numbers.below(3) {
                *text = numbers.accident(text);
            }
            assert_judged(&name, &checks, &files, changed).await;
        }
    }
}
