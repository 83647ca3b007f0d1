//! `storemgr report`: what the store did, out of Prometheus.

mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;
use storemgr::net::Target;
use storemgr::process::{self, Exit};
use storemgr::promql::Prometheus;
use storemgr::report::{self, Document, QUERIES, Report, RunComparison, Span};
use storemgr::run_result::RecordedRun;

use crate::failure::{CommandResult, Failure};
use crate::options::json::JsonOutput;
use crate::options::window::failure;
use crate::options::{JsonArgs, WindowArgs, duration, target};
use crate::output;

/// What the store did in a window of time, out of Prometheus
///
/// Requests, failures and percentiles by route and instance, refusals and failures by reason, orders by outcome, what was
/// full and what waited, transactions, database connections against the limits, the report cache, processor and memory.
/// With --run the window is that of a load test, whose own counts stand beside Prometheus's; a run that has only just
/// ended is waited for until Prometheus has scraped every instance once more.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    window: WindowArgs,
    /// Two runs side by side, FILEs of `loadtest --json`, the earlier one first
    #[arg(long, value_name = "RUN", num_args = 2, conflicts_with_all = ["last", "from", "to", "run", "queries"])]
    compare: Vec<PathBuf>,
    /// Report on the time up to now again and again, until Ctrl-C (exit code 130) [default: every 5s]
    #[arg(long, value_name = "EVERY", num_args = 0..=1, default_missing_value = "5s", value_parser = duration,
          conflicts_with_all = ["from", "to", "run", "compare", "queries", "json", "format"])]
    watch: Option<Duration>,
    /// The form on standard output; csv is one table `table,row,column,value`, html one page without scripts
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Format::Table)]
    format: Format,
    /// Where Prometheus answers
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL")]
    prometheus: Option<String>,
    /// List what would be asked, in PromQL, and ask nothing
    #[arg(long, conflicts_with_all = ["json", "format"])]
    queries: bool,
    #[command(flatten)]
    json: JsonArgs,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Tables for a terminal
    Table,
    /// Tables for an issue
    Markdown,
    /// Everything, for programs
    Json,
    /// Everything, for spreadsheets and notebooks
    Csv,
    /// One page with charts
    Html,
}

pub(crate) async fn run(args: &Args) -> CommandResult {
    let span = args.window.span()?;
    if args.queries {
        output::say(&queries(&span))?;
        return Ok(Exit::Good);
    }
    let runs = args.compare.iter().map(|path| RecordedRun::read(path)).collect::<Result<Vec<_>, _>>();
    let runs = runs.map_err(Failure::usage)?;
    let client = Prometheus::new(prometheus(args)?);
    if let Some(every) = args.watch {
        if every.is_zero() {
            return Err(Failure::usage(anyhow!("--watch 0 is no pause: write how often to look, like --watch 5s")));
        }
        return watch::watch(&client, args.window.last, every).await;
    }
    let json = args.json.open()?;
    if !json.tables_wanted() && !matches!(args.format, Format::Table | Format::Json) {
        let sentence = "--json - and --format both write to standard output: give --json the name of a file";
        return Err(Failure::usage(anyhow!(sentence)));
    }
    if let [first, second] = &runs[..] {
        let before = gather(&client, &Span::Run(Box::new(first.clone()))).await?;
        let after = gather(&client, &Span::Run(Box::new(second.clone()))).await?;
        let comparison = RunComparison::of((before, first), (after, second));
        let names = [file_name(&args.compare[0]), file_name(&args.compare[1])];
        let document = report::comparison_document(&comparison, [&names[0], &names[1]]);
        return show(args.format, &comparison, &document, json);
    }
    let report = gather(&client, &span).await?;
    show(args.format, &report, &report::document(&report), json)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

async fn gather(client: &Prometheus, span: &Span) -> Result<Report, Failure> {
    let waiting = || process::tell("waiting until Prometheus has scraped the end of the run");
    report::gather(client, span, &waiting).await.map_err(failure)
}

/// Prints the result in its form, and writes the file of JSON if one is wanted.
fn show(format: Format, result: &impl Serialize, document: &Document, json: JsonOutput) -> CommandResult {
    if json.tables_wanted() {
        let text = match format {
            Format::Table => document.to_terminal(),
            Format::Markdown => document.to_markdown(),
            Format::Json => serde_json::to_string_pretty(result).map_err(Failure::could_not_run)?,
            Format::Csv => report::csv(&serde_json::to_value(result).map_err(Failure::could_not_run)?),
            Format::Html => document.to_html(),
        };
        output::say(text.trim_end())?;
    }
    json.write(result)?;
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

/// Every question as it would be asked, for reading and for pasting into Prometheus.
fn queries(span: &Span) -> String {
    let list = QUERIES.iter().map(|query| {
        let expressions = query.expressions(span.end(), span.length()).join("\n");
        format!("# {}: {}\n{expressions}\n\n", query.table, query.title)
    });
    list.chain([report::ABOUT_QUERIES.to_owned()]).collect()
}
