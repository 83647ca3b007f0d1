//! The runs that the page keeps for download.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::loadtest::output::{page, statistics};
use crate::run_result::RunResult;
use crate::units::Language;

/// The most runs that are kept.
const MOST_KEPT: usize = 10;

/// A run, which is over or goes on.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) run: Arc<RunResult>,
}

/// The last runs, the last one first.
#[derive(Debug, Default)]
pub(super) struct KeptRuns(VecDeque<Kept>);

/// A file of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Html,
    Json,
    Csv,
}

impl FileKind {
    pub(super) const ALL: [Self; 3] = [Self::Html, Self::Json, Self::Csv];

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The number of the run and the kind of the file that a name such as `run-3.json` asks for.
    pub(super) fn parse(name: &str) -> Option<(u64, Self)> {
        let (number, ending) = name.strip_prefix("run-")?.split_once('.')?;
        let kind = Self::ALL.into_iter().find(|kind| kind.ending() == ending)?;
        Some((number.parse().ok()?, kind))
    }
}

impl Kept {
    pub(super) fn file_name(&self, kind: FileKind) -> String {
        format!("run-{}.{}", self.number, kind.ending())
    }

    /// The content of one of its files.
    pub(super) fn file(&self, kind: FileKind, language: Language) -> String {
        match kind {
            FileKind::Html => page::page(&self.run, language),
            // The result is our own type, and has only keys that are texts.
            FileKind::Json => serde_json::to_string_pretty(&*self.run).unwrap_or_default() + "\n",
            FileKind::Csv => statistics::statistics(&self.run, Language::English).to_csv(),
        }
    }
}

impl KeptRuns {
    /// Keeps the state of a run in the place of an earlier state of the same run.
    pub(super) fn keep(&mut self, kept: Kept) {
        match self.0.front_mut() {
            Some(first) if first.number == kept.number => *first = kept,
            _ => self.0.push_front(kept),
        }
        self.0.truncate(MOST_KEPT);
    }

    pub(super) fn get(&self, number: u64) -> Option<&Kept> {
        self.0.iter().find(|kept| kept.number == number)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::example_run;

    #[test]
    fn the_last_ten_runs_are_kept_each_once() {
        let mut runs = KeptRuns::default();
        for number in 1..=12 {
            for requests in [1, 2] {
                let run = RunResult { requests, ..example_run() };
                runs.keep(Kept { number, run: Arc::new(run) });
            }
        }
        let kept: Vec<_> = runs.iter().map(|kept| (kept.number, kept.run.requests)).collect();
        assert_eq!((kept.len(), kept[0], kept[9]), (10, (12, 2), (3, 2)));
        assert!(runs.get(2).is_none() && runs.get(3).is_some());
    }

    #[test]
    fn a_file_is_asked_for_by_its_name() {
        assert_eq!(FileKind::parse("run-12.json"), Some((12, FileKind::Json)));
        for name in ["", "run-.json", "run-1", "run-1.exe", "run-1.json/..", "../run-1.json", "run--1.csv"] {
            assert_eq!(FileKind::parse(name), None, "{name}");
        }
        let kept = Kept { number: 7, run: Arc::new(example_run()) };
        assert_eq!(kept.file_name(FileKind::Csv), "run-7.csv");
        let starts = [("<!doctype html>", FileKind::Html), ("{", FileKind::Json), ("Type,Name", FileKind::Csv)];
        for (start, kind) in starts {
            assert!(kept.file(kind, Language::English).starts_with(start), "{kind:?}");
        }
    }
}
