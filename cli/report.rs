//! `storemgr report`: what a store did, out of Prometheus.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use storemgr::net::Target;
use storemgr::process::Exit;
use storemgr::promql::Prometheus;
use storemgr::report::{self, RunFile, Window};
use storemgr::table::{Align, Table};

use crate::failure::{Failure, Outcome};
use crate::options::{JsonArgs, duration, target};
use crate::output;

/// Print what a store did in a window of time, out of Prometheus: requests, orders, connections, cache
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The window: the time up to now, e.g. 90s or 5m
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, conflicts_with = "run")]
    last: Duration,
    /// The window: that of a load test, from the file that `loadtest --json` wrote
    #[arg(long, value_name = "FILE")]
    run: Option<PathBuf>,
    /// Where Prometheus answers
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = target)]
    prometheus: Option<Target>,
    /// Print the questions asked of Prometheus instead of their answers
    #[arg(long)]
    queries: bool,
    #[command(flatten)]
    json: JsonArgs,
}

pub(crate) async fn run(args: Args) -> Outcome {
    if args.queries {
        print_queries(args.last)?;
        return Ok(Exit::Good);
    }
    let run = args.run.as_deref().map(read_run).transpose()?;
    let prometheus = args.prometheus.ok_or_else(|| {
        let sentence =
            "no Prometheus is configured: give --prometheus URL (or PROMETHEUS_URL), or run `storemgr stack up`";
        Failure::usage(anyhow!(sentence))
    })?;
    let json = args.json.open()?;
    let window = run.map_or_else(|| Window::last(args.last), |run| run.window);
    let report = report::gather(&Prometheus::new(prometheus), window, run).await.map_err(Failure::could_not_run)?;
    if json.tables_wanted() {
        let (heading, tables) = report::tables(&report);
        output::say(&heading)?;
        for table in tables {
            output::say(&format!("\n{}", table.to_terminal()))?;
        }
    }
    json.write(&report)?;
    Ok(Exit::Good)
}

fn read_run(path: &Path) -> Result<RunFile, Failure> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    let run = RunFile::parse(&text.map_err(Failure::usage)?);
    run.with_context(|| path.display().to_string()).map_err(Failure::usage)
}

fn print_queries(window: Duration) -> Result<(), Failure> {
    let mut table = Table::new("", &[("Name", Align::Left), ("Finds out", Align::Left), ("PromQL", Align::Left)]);
    for query in report::queries(window) {
        table.row([query.id, query.purpose, &query.promql]);
    }
    output::say(&table.to_terminal())
}
