//! `--language fr`: what `lab`, `loadtest` and `report` show is in French, to the last sentence.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::{StudentStore, inhabitants, kill, storemgr_in};

/// Words of English sentences that are no words of French, nor names of options and routes.
const ENGLISH: [&str; 33] = [
    "the",
    "of",
    "and",
    "with",
    "was",
    "were",
    "is",
    "are",
    "from",
    "which",
    "that",
    "been",
    "has",
    "have",
    "had",
    "than",
    "at",
    "it",
    "its",
    "be",
    "by",
    "not",
    "this",
    "these",
    "each",
    "between",
    "requests",
    "answers",
    "seconds",
    "connections",
    "ms.",
    "while",
    "instead",
];

/// What the store says stays in its words, and so do the messages of the original report.
const SAID_BY_SERVICES: [&str; 8] = [
    "the database refused a connection: Too many connections",
    "an order has at most 10000 items, not 20000",
    "1040 Too many connections",
    "QueuePool limit … reached, connection timed out",
    "1205 Lock wait timeout exceeded, 1213 Deadlock found",
    "no answer within 60 s; Read timed out",
    "connection refused, reset or closed without an answer",
    "500 Internal Server Error",
];

/// A folder in which nothing is left running.
struct Place(tempfile::TempDir);

impl Drop for Place {
    fn drop(&mut self) {
        for pid in inhabitants(self.0.path()) {
            kill(pid, "KILL");
        }
    }
}

/// The sentences of a text that have English words, without what services say, options and markup.
fn english_in(text: &str) -> Vec<String> {
    let text = text.split_once("<style>").map_or_else(
        || text.to_owned(),
        |(head, rest)| head.to_owned() + rest.split_once("</style>").map_or("", |(_, behind)| behind),
    );
    let text = without(&without(&text, '<', '>'), '`', '`');
    // Sentences are folded on a terminal.
    let text = text.split(' ').flat_map(|part| part.split('\n')).filter(|word| !word.is_empty());
    let text = text.collect::<Vec<_>>().join(" ");
    let said = SAID_BY_SERVICES.iter().fold(text, |text, said| text.replace(said, "…"));
    let has_english = |line: &&str| {
        let words = line.split(|letter: char| letter.is_whitespace() || "«»():;,\"|".contains(letter));
        words.map(str::to_lowercase).any(|word| ENGLISH.contains(&word.trim_end_matches('.')))
    };
    said.split(". ").filter(has_english).map(|line| line.trim().chars().take(300).collect()).collect()
}

/// The text without everything between these signs.
fn without(text: &str, open: char, close: char) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(open) {
        left.push_str(before);
        left.push(' ');
        // What is not closed on its line is no markup.
        match behind.split_once(close).filter(|(inside, _)| open == '<' || !inside.contains('\n')) {
            Some((_, after)) => rest = after,
            None => rest = behind,
        }
    }
    left + rest
}

/// A command in French, in this folder. What it says on both streams must be French.
fn in_french(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let ran = storemgr_in(folder, arguments).args(["--language", "fr"]).output().unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    for text in [&shown, &told] {
        assert_eq!(english_in(text), Vec::<String>::new(), "{arguments:?}");
    }
    let shown = shown.into_owned();
    (ran, shown)
}

fn all_french(folder: &Path, file: &str) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(english_in(&text), Vec::<String>::new(), "{file}");
}

#[test]
fn an_english_sentence_is_found() {
    let text =
        "<p class=\"of\">Rien n’a échoué.</p>\n503 the database refused a connection: Too many connections (1040)";
    assert_eq!(english_in(text), Vec::<String>::new());
    assert_eq!(english_in("<p>3 requests were lost</p>").len(), 1);
    assert_eq!(english_in("`storemgr lab --the of`, rien de plus"), Vec::<String>::new());
}

#[test]
fn the_lab_and_what_is_made_of_its_files_say_nothing_in_english() {
    let place = Place(tempfile::tempdir().unwrap());
    let folder = place.0.path();
    let load = ["--users", "400", "--run-time", "4", "--history-orders", "2000", "--burst", "1", "--output", "out"];
    let measured = ["--rungs", "1,3", "--order-lines", "1,20000", "--balance", "ip_hash", "--answers", "reponses.md"];
    let (ran, shown) = in_french(folder, &[&["lab"][..], &load, &measured].concat());
    assert!(matches!(ran.status.code(), Some(0 | 98)), "{ran:?}");
    assert!(shown.contains("== Échelon 1\u{a0}: ") && shown.contains("== L’échelle"), "{shown}");
    for file in ["reponses.md", "out/lab.md", "out/lab.html"] {
        all_french(folder, file);
    }
    let answers = fs::read_to_string(folder.join("reponses.md")).unwrap();
    for text in ["À côté du rapport original", "54\u{a0}%", "database_unavailable", "](reponses.charts/question-1.png)"]
    {
        assert!(answers.contains(text), "{text} is missing in {answers}");
    }
    // Numbers are French as well, but for those in names and versions.
    let account: Value = serde_json::from_slice(&fs::read(folder.join("out/lab.json")).unwrap()).unwrap();
    assert!(account["rungs"][0]["findings"].to_string().contains("requests failed"), "JSON is in English");

    let (_, listed) = in_french(folder, &["lab", "--list"]);
    assert!(listed.contains("Où sont passées"), "{listed}");
    for format in ["table", "markdown", "html"] {
        let (ran, _) = in_french(folder, &["report", "--run", "out/rung-1.1.json", "--format", format]);
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        let compared = ["report", "--compare", "out/rung-1.1.json", "out/rung-3.1.json", "--format", format];
        let (ran, _) = in_french(folder, &compared);
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    }
}

#[test]
fn a_load_test_says_nothing_in_english_whatever_happens() {
    let place = Place(tempfile::tempdir().unwrap());
    let folder = place.0.path();
    let store = StudentStore::in_memory();
    let base = ["loadtest", "--host", &store.url, "--users", "20", "--think-time", "20ms", "--html", "page.html"];
    let judged = ["--threshold", "p95<1ms", "--threshold", "GET /orders/reports/best-sellers:fail_ratio<1%"];
    in_french(folder, &[&base[..], &["--run-time", "3", "--warm-up", "1"], &judged].concat());
    all_french(folder, "page.html");
    in_french(folder, &[&base[..], &["--run-time", "1", "--stop-timeout", "0"]].concat());
    let search = ["loadtest", "--host", &store.url, "--users", "1", "--think-time", "20ms", "--html", "limit.html"];
    let (_, shown) =
        in_french(folder, &[&search[..], &["--find-limit", "--limit-step", "300ms", "--limit-most", "8"]].concat());
    assert!(shown.contains("Bon signifie"), "{shown}");
    all_french(folder, "limit.html");
}
