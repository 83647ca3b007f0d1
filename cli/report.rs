//! `storemgr report`: reports from Prometheus what the store did.

mod explain;
mod shown;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use storemgr::net::Target;
use storemgr::process::{self, Exit};
use storemgr::promql::Prometheus;
use storemgr::report::{self, QUERIES, Report, ReportError, RunComparison, Span};
use storemgr::run_result::RecordedRun;
use storemgr::units::Language;
use storemgr::{say, text};

use self::shown::{Format, file_name, show};
use crate::failure::{CommandResult, Failure};
use crate::options::json::JsonOutput;
use crate::options::window::failure;
use crate::options::{JsonArgs, NamedFiles, PrometheusAccess, TypedOptions, WindowArgs, duration, target};
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
    /// Name what broke in a run, with evidence: the FILE of `loadtest --json`, best of a run with --observe; with a second
    /// FILE, of a run after a cure, also say what that changed. Needs no Prometheus; exit code 1 if a cause is named
    #[arg(long, value_name = "RUN", num_args = 1..=2, help_heading = "Window",
          conflicts_with_all = ["last", "from", "to", "run", "queries", "compare"])]
    explain: Vec<PathBuf>,
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
    #[command(flatten)]
    access: PrometheusAccess,
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
    /// The language of tables, sentences, pages and charts: en or fr; JSON and CSV are always in English
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    language: Language,
    #[command(flatten)]
    json: JsonArgs,
    /// Repeat the report of the time up to now until Ctrl-C (exit code 130) [default: every 5s]
    #[arg(long, value_name = "EVERY", num_args = 0..=1, default_missing_value = "5s", value_parser = duration,
          conflicts_with_all = ["from", "to", "run", "compare", "explain", "queries", "json", "format"])]
    watch: Option<Duration>,
}

pub(crate) async fn run(args: &Args, typed: &TypedOptions) -> CommandResult {
    if !args.explain.is_empty() {
        return args.explain(typed);
    }
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
    let client = match prometheus(args) {
        Ok(target) => Some(args.source.access.client(target)?),
        // Runs that keep their reports need none.
        Err(_) if keeps_all(args) => None,
        Err(failure) => return Err(failure),
    };
    if let (Some(every), Some(client)) = (args.output.watch, &client) {
        if every.is_zero() {
            return Err(Failure::usage(anyhow!(
                "--watch must be longer than 0: say how often to report, for example --watch 5s"
            )));
        }
        return watch::watch(client, args.window.last, every, args.output.language).await;
    }
    args.source
        .access
        .named_files(NamedFiles::default())
        .inputs("--run", args.window.run())
        .inputs("--compare", &args.compare)
        .output("--json", args.output.json.path())
        .check()?;
    let json = args.output.json.open()?;
    refuse_two(&json, args.output.format)?;
    if let [first, second] = &runs[..] {
        let of_run = |run: &RecordedRun| Span::Run(Box::new(run.clone()));
        let language = args.output.language;
        let before = gather_or_kept(client.as_ref(), &of_run(first), Some(&args.compare[0]), language).await?;
        let after = gather_or_kept(client.as_ref(), &of_run(second), Some(&args.compare[1]), language).await?;
        let comparison = RunComparison::of((before, first), (after, second));
        let names = [file_name(&args.compare[0]), file_name(&args.compare[1])];
        let document = report::comparison_document(&comparison, [&names[0], &names[1]], language);
        return show(args.output.format, &comparison, &document, json);
    }
    let language = args.output.language;
    let report = gather_or_kept(client.as_ref(), &span, args.window.run(), language).await?;
    show(args.output.format, &report, &report::document(&report, language), json)
}

/// Asks Prometheus. If it cannot tell anything about a run any more, the report that is kept in the run's file is taken.
async fn gather_or_kept(
    client: Option<&Prometheus>,
    span: &Span,
    run: Option<&Path>,
    language: Language,
) -> Result<Report, Failure> {
    let waiting = || process::tell(language.text(text!("waiting until Prometheus has scraped the end of the run")));
    let gathered = match client {
        Some(client) => report::gather(client, span, &waiting).await.map_err(Some),
        None => Err(None),
    };
    let error = match gathered {
        Ok(report) => return Ok(report),
        Err(error) => error,
    };
    let no_data = |error: &ReportError| {
        matches!(error, ReportError::NoData { .. } | ReportError::NoneUp { .. } | ReportError::Prometheus(_))
    };
    let kept = run.filter(|_| error.as_ref().is_none_or(no_data)).and_then(report::kept);
    match (kept, error) {
        (Some(kept), error) => {
            let none = text!("no Prometheus is configured");
            let why = error.map_or_else(|| language.text(none).to_owned(), |error| language.retold(&error.to_string()));
            process::tell(&say!(
                language,
                "{why}; this is the report that was kept with the run when it was made",
                why
            ));
            Ok(kept)
        }
        (None, Some(error)) => Err(failure(error)),
        // The file was there a moment ago.
        (None, None) => Err(Failure::could_not_run(anyhow!("the report that was kept with the run cannot be read"))),
    }
}

/// Whether all runs that are asked about keep their reports.
fn keeps_all(args: &Args) -> bool {
    let mut runs = args.window.run().into_iter().chain(args.compare.iter().map(PathBuf::as_path)).peekable();
    runs.peek().is_some() && runs.all(|run| report::kept(run).is_some())
}

impl Args {
    /// Explains the runs of `--explain`.
    fn explain(&self, typed: &TypedOptions) -> CommandResult {
        if let Some(option) = ["--prometheus"].into_iter().find(|option| typed.has(option)) {
            return Err(Failure::usage(anyhow!("{option} has no effect with --explain, which reads files alone")));
        }
        NamedFiles::default().inputs("--explain", &self.explain).output("--json", self.output.json.path()).check()?;
        let json = self.output.json.open()?;
        refuse_two(&json, self.output.format)?;
        explain::run(&self.explain, self.output.format, self.output.language, json)
    }
}

/// Refuses two results on standard output.
fn refuse_two(json: &JsonOutput, format: Format) -> Result<(), Failure> {
    if !json.tables_wanted() && !matches!(format, Format::Table | Format::Json) {
        let sentence = "--json - and --format both write to standard output: give --json the name of a file";
        return Err(Failure::usage(anyhow!(sentence)));
    }
    Ok(())
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
