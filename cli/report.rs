//! `storemgr report`: what the store did, out of Prometheus.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use storemgr::net::Target;
use storemgr::process::Exit;
use storemgr::promql::Prometheus;
use storemgr::report::{self, QUERIES, Report, ReportError, Run, Span};

use crate::failure::{Failure, Outcome};
use crate::options::{JsonArgs, duration, target};
use crate::output;

/// Tables of what the store did in a window of time, out of Prometheus
///
/// Requests, failures and percentiles by route and instance, orders by outcome, database connections against the limits,
/// the report cache, processor and memory. With --run the window is that of a load test, whose own counts stand beside
/// Prometheus's; a run that has only just ended is waited for until Prometheus has scraped every instance once more.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The window: this long, up to now (30, 90s, 5m, 1h30m)
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
    last: Duration,
    /// The window: the run that `storemgr loadtest --json FILE` has written
    #[arg(long, value_name = "FILE", conflicts_with = "last")]
    run: Option<PathBuf>,
    /// Where Prometheus answers
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL")]
    prometheus: Option<String>,
    /// List what would be asked, in PromQL, and ask nothing
    #[arg(long, conflicts_with = "json")]
    queries: bool,
    #[command(flatten)]
    json: JsonArgs,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    if args.last.is_zero() {
        return Err(Failure::usage(anyhow!("--last 0 is no window: write how far to look back, like --last 5m")));
    }
    let span = match &args.run {
        None => Span::Last(args.last),
        Some(path) => Span::Run(Run::read(path).map_err(failure)?),
    };
    if args.queries {
        output::say(&queries(&span))?;
        return Ok(Exit::Good);
    }
    let client = Prometheus::new(prometheus(args)?);
    let json = args.json.open()?;
    let waiting = || eprintln!("waiting until Prometheus has scraped the end of the run");
    let report = report::gather(&client, &span, &waiting).await.map_err(failure)?;
    if json.tables_wanted() {
        output::say(&text(&report))?;
    }
    json.write(&report)?;
    Ok(Exit::Good)
}

fn prometheus(args: &Args) -> Result<Target, Failure> {
    let url = args.prometheus.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| {
        Failure::usage(anyhow!(
            "no Prometheus is configured: run `storemgr stack up` to start a private one, or set PROMETHEUS_URL"
        ))
    })?;
    target(url).map_err(Failure::usage)
}

/// What the user can repair in the command line is a usage error; the rest could not be done.
fn failure(error: ReportError) -> Failure {
    match error {
        ReportError::Unreadable { .. }
        | ReportError::NotARun { .. }
        | ReportError::NotYet { .. }
        | ReportError::TooLong { .. } => Failure::usage(error),
        ReportError::NoData { .. } | ReportError::NoneUp { .. } | ReportError::Prometheus(_) => {
            Failure::could_not_run(error)
        }
    }
}

/// The report as text: heading, tables, notes.
fn text(report: &Report) -> String {
    let tables = report::tables(report).into_iter().map(|table| table.to_terminal());
    let notes: Vec<String> = report::notes(report).iter().map(|note| format!("* {note}")).collect();
    let parts = std::iter::once(report::heading(report)).chain(tables).chain([notes.join("\n")]);
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Every question as it would be asked, for reading and for pasting into Prometheus.
fn queries(span: &Span) -> String {
    let list = QUERIES.iter().map(|query| {
        let expressions = query.expressions(span.length()).join("\n");
        format!("# {}: {}\n{expressions}\n\n", query.table, query.title)
    });
    list.chain([report::ABOUT_QUERIES.to_owned()]).collect()
}
