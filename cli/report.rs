//! `storemgr report`: reports from Prometheus what the store did.

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
use crate::options::{JsonArgs, NamedFiles, TypedOptions, WindowArgs, duration, target};
use crate::output;

/// Report from Prometheus what the store did in a window of time
///
/// Shows requests, failures and percentiles by route and instance, refusals and failures by reason, orders by outcome,
/// saturation, transactions, database connections against their limits, the report cache, processor time and memory.
/// With --run, the window is that of a load test, and the load test's own counts are shown beside those of Prometheus; if
/// the run has only just ended, the command waits until Prometheus has scraped every instance once more.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    window: WindowArgs,
    /// Compare two runs: two FILEs of `loadtest --json`, the earlier one first
    #[arg(long, value_name = "RUN", num_args = 2, help_heading = "Window",
          conflicts_with_all = ["last", "from", "to", "run", "queries"])]
    compare: Vec<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which Prometheus is asked.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Source")]
struct SourceArgs {
    /// The address of Prometheus
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL")]
    prometheus: Option<String>,
    /// Print the PromQL queries of the report and send none of them
    #[arg(long, conflicts_with_all = ["json", "format"])]
    queries: bool,
}

/// How the report is shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// The form on standard output; csv is one table `table,row,column,value`, html one page without scripts
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    json: JsonArgs,
    /// Repeat the report of the time up to now until Ctrl-C (exit code 130) [default: every 5s]
    #[arg(long, value_name = "EVERY", num_args = 0..=1, default_missing_value = "5s", value_parser = duration,
          conflicts_with_all = ["from", "to", "run", "compare", "queries", "json", "format"])]
    watch: Option<Duration>,
}

/// The values of `--format`.
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

pub(crate) async fn run(args: &Args, typed: &TypedOptions) -> CommandResult {
    let span = args.window.span()?;
    if args.source.queries {
        if typed.has("--prometheus") {
            return Err(Failure::usage(anyhow!("--prometheus has no effect with --queries, which sends none of them")));
        }
        output::say(&queries(&span))?;
        return Ok(Exit::Good);
    }
    let runs = args.compare.iter().map(|path| RecordedRun::read(path)).collect::<Result<Vec<_>, _>>();
    let runs = runs.map_err(Failure::usage)?;
    let client = Prometheus::new(prometheus(args)?);
    if let Some(every) = args.output.watch {
        if every.is_zero() {
            return Err(Failure::usage(anyhow!(
                "--watch must be longer than 0: say how often to report, for example --watch 5s"
            )));
        }
        return watch::watch(&client, args.window.last, every).await;
    }
    NamedFiles::default()
        .inputs("--run", args.window.run())
        .inputs("--compare", &args.compare)
        .output("--json", args.output.json.path())
        .check()?;
    let json = args.output.json.open()?;
    if !json.tables_wanted() && !matches!(args.output.format, Format::Table | Format::Json) {
        let sentence = "--json - and --format both write to standard output: give --json the name of a file";
        return Err(Failure::usage(anyhow!(sentence)));
    }
    if let [first, second] = &runs[..] {
        let before = gather(&client, &Span::Run(Box::new(first.clone()))).await?;
        let after = gather(&client, &Span::Run(Box::new(second.clone()))).await?;
        let comparison = RunComparison::of((before, first), (after, second));
        let names = [file_name(&args.compare[0]), file_name(&args.compare[1])];
        let document = report::comparison_document(&comparison, [&names[0], &names[1]]);
        return show(args.output.format, &comparison, &document, json);
    }
    let report = gather(&client, &span).await?;
    show(args.output.format, &report, &report::document(&report), json)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

async fn gather(client: &Prometheus, span: &Span) -> Result<Report, Failure> {
    let waiting = || process::tell("waiting until Prometheus has scraped the end of the run");
    report::gather(client, span, &waiting).await.map_err(failure)
}

/// Prints the result in the format and writes the JSON file, if one was asked for.
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
    let url = args.source.prometheus.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| {
        Failure::usage(anyhow!(
            "no Prometheus is configured: run `storemgr stack up` to start a private one, or set PROMETHEUS_URL"
        ))
    })?;
    target(url).map_err(Failure::usage)
}

/// Every query exactly as it would be sent, so that it can be pasted into Prometheus.
fn queries(span: &Span) -> String {
    let list = QUERIES.iter().map(|query| {
        let expressions = query.expressions(span.end(), span.length()).join("\n");
        format!("# {}: {}\n{expressions}\n\n", query.table, query.title)
    });
    list.chain([report::ABOUT_QUERIES.to_owned()]).collect()
}
