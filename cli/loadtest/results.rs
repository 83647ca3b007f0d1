//! The options for where the results of a load test go, besides the terminal.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use storemgr::loadtest::{Exporter, LocustCsv, StepsCsv, junit, markdown};
use storemgr::run_result::RunResult;
use storemgr::units::Language;

use super::groups::NOT_WITH_FIND_LIMIT;
use crate::failure::Failure;
use crate::options::json::JsonOutput;
use crate::options::{JsonArgs, NamedFiles, ReportFile, name_and_value, numbered};

/// The options under the heading "Results".
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultArgs {
    /// Print nothing on standard error while the run lasts
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    json: JsonArgs,
    /// Also write Locust's four CSV files, PREFIX_stats.csv and so on, every second; with --find-limit write
    /// PREFIX_steps.csv, one line per load
    #[arg(long, value_name = "PREFIX")]
    csv: Option<PathBuf>,
    /// Also write an HTML page with charts, which needs no script and no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write JUnit's XML, which pipelines show as tests: thresholds, checks and journeys are its cases
    #[arg(long, value_name = "FILE", group = NOT_WITH_FIND_LIMIT)]
    junit: Option<PathBuf>,
    /// Also write Markdown, for a pull request or the summary of a job
    #[arg(long, value_name = "FILE", group = NOT_WITH_FIND_LIMIT)]
    markdown: Option<PathBuf>,
    /// The language of tables, sentences, pages and the live view: en or fr; JSON and CSV are always in English
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    pub(super) language: Language,
    /// Serve the run's metrics for Prometheus while it lasts, at http://ADDR/metrics, e.g. 127.0.0.1:9646
    #[arg(long, env = "STOREMGR_METRICS_LISTEN", value_name = "ADDR", value_parser = listen_address)]
    metrics_listen: Option<SocketAddr>,
    /// A note on the run, such as version=1.2, which appears in the JSON and on the page; repeatable
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = name_and_value)]
    tags: Vec<(String, String)>,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address of this machine and a port, such as 127.0.0.1:9646".to_owned())
}

/// The JSON file and the HTML page of a run or a search. They are checked before it begins, so that a bad path fails at
/// once and not after the measurement.
#[derive(Debug)]
pub(super) struct ResultFiles<Written> {
    json: JsonOutput,
    page: ReportFile,
    render: fn(&Written, Language) -> String,
    language: Language,
}

/// The files of a run for pipelines.
#[derive(Debug)]
pub(super) struct PipelineFiles {
    junit: ReportFile,
    markdown: ReportFile,
    language: Language,
}

impl PipelineFiles {
    /// Writes what was asked for.
    pub(super) fn write(&self, run: &RunResult, too_many_failed: bool) -> Result<(), Failure> {
        let junit = if self.junit.is_wanted() { self.junit.write(&junit(run, too_many_failed)) } else { Ok(()) };
        let text = || markdown(run, too_many_failed, self.language);
        let markdown = if self.markdown.is_wanted() { self.markdown.write(&text()) } else { Ok(()) };
        junit.and(markdown)
    }
}

impl ResultArgs {
    /// The same for one of several runs: `{n}` in a path is its number, and a path without it holds the last run.
    pub(super) fn numbered(&self, number: u64) -> Self {
        let path = |path: &Option<PathBuf>| path.as_deref().map(|path| numbered(path, number));
        Self {
            json: self.json.numbered(number),
            csv: path(&self.csv),
            html: path(&self.html),
            junit: path(&self.junit),
            markdown: path(&self.markdown),
            ..self.clone()
        }
    }

    /// The files that will be written. A search writes one CSV file, a run writes Locust's four.
    pub(super) fn named_files(&self, find_limit: bool) -> NamedFiles {
        let named = NamedFiles::default().output("--json", self.json.path()).output("--html", self.html.as_deref());
        let named = named.output("--junit", self.junit.as_deref()).output("--markdown", self.markdown.as_deref());
        let csv = self.csv.as_ref().map_or_else(Vec::new, |prefix| {
            if find_limit { vec![StepsCsv::path(prefix)] } else { LocustCsv::paths(prefix).to_vec() }
        });
        csv.iter().fold(named, |named, path| named.output("--csv", Some(path)))
    }

    /// Checks Locust's four files.
    pub(super) fn open_csv(&self) -> Result<Option<LocustCsv>, Failure> {
        self.checked(LocustCsv::open, "_*.csv")
    }

    /// Checks `PREFIX_steps.csv`.
    pub(super) fn open_steps(&self) -> Result<Option<StepsCsv>, Failure> {
        self.checked(StepsCsv::open, "_steps.csv")
    }

    fn checked<Csv>(&self, open: fn(&Path) -> io::Result<Csv>, end: &str) -> Result<Option<Csv>, Failure> {
        let Some(prefix) = &self.csv else { return Ok(None) };
        let files = open(prefix).with_context(|| format!("{}{end} cannot be written", prefix.display()));
        files.map(Some).map_err(Failure::usage)
    }

    pub(super) fn open<Written>(
        &self,
        render: fn(&Written, Language) -> String,
    ) -> Result<ResultFiles<Written>, Failure> {
        let (json, page) = (self.json.open()?, ReportFile::open("--html", self.html.as_ref())?);
        Ok(ResultFiles { json, page, render, language: self.language })
    }

    /// Checks the files for pipelines.
    pub(super) fn open_pipeline(&self) -> Result<PipelineFiles, Failure> {
        let junit = ReportFile::open("--junit", self.junit.as_ref())?;
        let markdown = ReportFile::open("--markdown", self.markdown.as_ref())?;
        Ok(PipelineFiles { junit, markdown, language: self.language })
    }

    /// Refuses a tag whose name was given before, because its value would replace the first one.
    pub(super) fn check(&self) -> Result<(), String> {
        let twice = self
            .tags
            .iter()
            .enumerate()
            .find(|(place, (name, _))| self.tags[..*place].iter().any(|(before, _)| before == name));
        twice.map_or(Ok(()), |(_, (name, _))| Err(format!("--tag {name} is given twice: give each name one value")))
    }

    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        self.tags.iter().cloned().collect()
    }

    /// Starts to listen on the address of `--metrics-listen`, if it was given.
    pub(super) async fn exporter(&self) -> Result<Option<Exporter>, Failure> {
        let Some(address) = self.metrics_listen else { return Ok(None) };
        let listening = Exporter::listen(address).await;
        let listening =
            listening.with_context(|| format!("cannot listen on {address}, the address of --metrics-listen"));
        listening.map(Some).map_err(Failure::usage)
    }
}

impl<Written: Serialize> ResultFiles<Written> {
    /// Writes what is known so far. Errors are ignored here: the next write may succeed, and the last one reports its
    /// error.
    pub(super) fn write_so_far(&self, known: &Written) {
        drop(self.json.write_so_far(known));
        if self.page.is_wanted() {
            drop(self.page.write_so_far(&(self.render)(known, self.language)));
        }
    }

    /// Writes the result, and shows it on the terminal unless the JSON goes to standard output. Everything that can be
    /// written is written before the first error is returned.
    pub(super) fn write(
        self,
        known: &Written,
        show: fn(&Written, Language) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let shown = if self.json.tables_wanted() { show(known, self.language) } else { Ok(()) };
        let page = if self.page.is_wanted() { self.page.write(&(self.render)(known, self.language)) } else { Ok(()) };
        self.json.write(known).and(page).and(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_listen_address_is_refused_with_an_example() {
        assert!(listen_address("127.0.0.1:9646").is_ok() && listen_address("[::1]:0").is_ok());
        for text in [":9646", "localhost:9646", "9646", ""] {
            assert!(listen_address(text).unwrap_err().contains("127.0.0.1:9646"), "{text}");
        }
    }
}
