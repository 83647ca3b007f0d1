//! Where a load test's results go, besides the terminal.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;
use storemgr::loadtest::{Exporter, LocustCsv, StepsCsv};

use crate::failure::Failure;
use crate::options::json::JsonOutput;
use crate::options::{JsonArgs, name_and_value};
use crate::output;

/// The options for files of results.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultArgs {
    /// Nothing on standard error while the run lasts
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    json: JsonArgs,
    /// Also write Locust's four CSV files, PREFIX_stats.csv and so on, every second; with --find-limit PREFIX_steps.csv, a
    /// line for each load
    #[arg(long, value_name = "PREFIX")]
    csv: Option<PathBuf>,
    /// Also write one HTML page with charts, which needs no script and no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// While the run lasts, expose it to Prometheus at http://ADDR/metrics, e.g. 127.0.0.1:9646
    #[arg(long, env = "STOREMGR_METRICS_LISTEN", value_name = "ADDR", value_parser = listen_address)]
    metrics_listen: Option<SocketAddr>,
    /// Something to be known about the run, such as version=1.2; stands in the JSON and the page; may be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = name_and_value)]
    tags: Vec<(String, String)>,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address of this machine and a port, such as 127.0.0.1:9646".to_owned())
}

/// The JSON and the page of a run or a search, opened before it begins, so that a bad path fails at once and not after the
/// measurement. `render` makes the page.
#[derive(Debug)]
pub(super) struct ResultFiles<Known> {
    json: JsonOutput,
    page: Option<(PathBuf, File)>,
    render: fn(&Known) -> String,
}

impl ResultArgs {
    /// Opens the CSV files.
    pub(super) fn open_csv(&self) -> Result<Option<LocustCsv>, Failure> {
        let Some(prefix) = &self.csv else { return Ok(None) };
        let files = LocustCsv::create(prefix).with_context(|| format!("{}_*.csv cannot be written", prefix.display()));
        files.map(Some).map_err(Failure::usage)
    }

    /// Opens the file of a search's steps.
    pub(super) fn open_steps(&self) -> Result<Option<StepsCsv>, Failure> {
        let Some(prefix) = &self.csv else { return Ok(None) };
        let file =
            StepsCsv::create(prefix).with_context(|| format!("{}_steps.csv cannot be written", prefix.display()));
        file.map(Some).map_err(Failure::usage)
    }

    /// Opens the JSON and the page.
    pub(super) fn open<Known>(&self, render: fn(&Known) -> String) -> Result<ResultFiles<Known>, Failure> {
        let json = self.json.open()?;
        let Some(path) = &self.html else { return Ok(ResultFiles { json, page: None, render }) };
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()));
        let page = Some((path.clone(), file.map_err(Failure::usage)?));
        Ok(ResultFiles { json, page, render })
    }

    /// Refuses a tag that would hide another one.
    pub(super) fn check(&self) -> Result<(), String> {
        let twice = self
            .tags
            .iter()
            .enumerate()
            .find(|(place, (name, _))| self.tags[..*place].iter().any(|(before, _)| before == name));
        twice.map_or(Ok(()), |(_, (name, _))| Err(format!("--tag {name} is given twice: a name has one value")))
    }

    /// What is to be known about the run.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        self.tags.iter().cloned().collect()
    }

    /// Listens for Prometheus.
    pub(super) async fn exporter(&self) -> Result<Option<Exporter>, Failure> {
        let Some(address) = self.metrics_listen else { return Ok(None) };
        let listening = Exporter::listen(address).await;
        let listening = listening.with_context(|| format!("--metrics-listen {address} cannot be listened on"));
        listening.map(Some).map_err(Failure::usage)
    }
}

impl<Known: Serialize> ResultFiles<Known> {
    /// Writes what is known so far. What cannot be written now may be at the end; only then is it said.
    pub(super) fn write_so_far(&self, known: &Known) {
        drop(self.json.write_so_far(known));
        drop(self.write_page(known));
    }

    /// Writes the result, and shows it on a terminal unless the JSON goes there. Whatever cannot be written, the rest still is:
    /// only then is it said.
    pub(super) fn write(self, known: &Known, show: fn(&Known) -> Result<(), Failure>) -> Result<(), Failure> {
        let shown = if self.json.tables_wanted() { show(known) } else { Ok(()) };
        let page = self.write_page(known);
        self.json.write(known).and(page).and(shown)
    }

    /// Writes the page, in place of what stands there.
    fn write_page(&self, known: &Known) -> Result<(), Failure> {
        let Some((path, file)) = &self.page else { return Ok(()) };
        let written = output::replace(file, (self.render)(known).as_bytes());
        written.with_context(|| format!("{} cannot be written", path.display())).map_err(Failure::could_not_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_listen_is_told_with_an_example() {
        assert!(listen_address("127.0.0.1:9646").is_ok() && listen_address("[::1]:0").is_ok());
        for text in [":9646", "localhost:9646", "9646", ""] {
            assert!(listen_address(text).unwrap_err().contains("127.0.0.1:9646"), "{text}");
        }
    }
}
