//! Where a load test's results go, besides the terminal and `--json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use storemgr::loadtest::{Baseline, Conditions, CsvFiles, Exporter, StepsFile};

use crate::failure::Failure;
use crate::output;

/// The options for files of results.
#[derive(Debug, clap::Args)]
pub(crate) struct ResultArgs {
    /// Also write Locust's four CSV files, PREFIX_stats.csv and so on, every second; with --find-limit PREFIX_steps.csv, a
    /// line for each load
    #[arg(long, value_name = "PREFIX")]
    csv: Option<PathBuf>,
    /// Also write one HTML page with charts, which needs no script and no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare with earlier runs, FILEs of --json: refused when host, users, rate or mix differ; several tell a difference
    /// from noise
    #[arg(long, value_name = "FILE", num_args = 1..)]
    baseline: Vec<PathBuf>,
    /// With --baseline: earlier runs of what is tested now, to be counted with this one
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "baseline")]
    with: Vec<PathBuf>,
    /// While the run lasts, expose it to Prometheus at http://ADDR/metrics, e.g. 127.0.0.1:9646
    #[arg(long, env = "STOREMGR_METRICS_LISTEN", value_name = "ADDR", value_parser = listen_address)]
    metrics_listen: Option<SocketAddr>,
    /// Something to be known about the run, such as version=1.2; stands in the JSON and the page; may be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    tags: Vec<(String, String)>,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address of this machine and a port, such as 127.0.0.1:9646".to_owned())
}

/// A page that was opened before the run, so that a bad path fails at once and not after the measurement.
#[derive(Debug)]
pub(crate) struct Page {
    path: PathBuf,
    file: File,
}

impl ResultArgs {
    /// Opens the CSV files.
    pub(crate) fn open_csv(&self) -> Result<Option<CsvFiles>, Failure> {
        let Some(prefix) = &self.csv else { return Ok(None) };
        let files = CsvFiles::create(prefix).with_context(|| format!("{}_*.csv cannot be written", prefix.display()));
        files.map(Some).map_err(Failure::usage)
    }

    /// Opens the file of a search's steps.
    pub(crate) fn open_steps(&self) -> Result<Option<StepsFile>, Failure> {
        let Some(prefix) = &self.csv else { return Ok(None) };
        let file =
            StepsFile::create(prefix).with_context(|| format!("{}_steps.csv cannot be written", prefix.display()));
        file.map(Some).map_err(Failure::usage)
    }

    /// Opens the page.
    pub(crate) fn open_page(&self) -> Result<Option<Page>, Failure> {
        let Some(path) = &self.html else { return Ok(None) };
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()));
        Ok(Some(Page { path: path.clone(), file: file.map_err(Failure::usage)? }))
    }

    /// Refuses a tag that would hide another one.
    pub(crate) fn check(&self) -> Result<(), String> {
        let twice = self
            .tags
            .iter()
            .enumerate()
            .find(|(place, (name, _))| self.tags[..*place].iter().any(|(before, _)| before == name));
        twice.map_or(Ok(()), |(_, (name, _))| Err(format!("--tag {name} is given twice: a name has one value")))
    }

    /// What is to be known about the run.
    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        self.tags.iter().cloned().collect()
    }

    /// Reads the runs to compare with.
    pub(crate) fn baseline(&self, conditions: &Conditions) -> Result<Option<Baseline>, Failure> {
        let read = || Baseline::read(&self.baseline, &self.with, conditions);
        (!self.baseline.is_empty()).then(read).transpose().map_err(Failure::usage)
    }

    /// Listens for Prometheus.
    pub(crate) async fn exporter(&self) -> Result<Option<Exporter>, Failure> {
        let Some(address) = self.metrics_listen else { return Ok(None) };
        let listening = Exporter::listen(address).await;
        let listening = listening.with_context(|| format!("--metrics-listen {address} cannot be listened on"));
        listening.map(Some).map_err(Failure::usage)
    }
}

impl Page {
    /// Writes the page, in place of what stands there.
    pub(crate) fn write(&self, page: &str) -> Result<(), Failure> {
        let written = output::replace(&self.file, page.as_bytes());
        let written = written.with_context(|| format!("{} cannot be written", self.path.display()));
        written.map_err(Failure::could_not_run)
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
