//! `storemgr loadtest`: put a store under load and say what it did.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::loadtest::{
    self, Arrivals, Conditions, Config, Ended, Finished, Found, GaveWay, Limit, LimitEnded, LimitOutputs, Load,
    LoadTestError, Outputs, Rate, Scenario, Search, Stage, Summary, Threshold, Users, Verdict,
};
use storemgr::net::Target;
use storemgr::process::{self, Exit};
use storemgr::{table, units};

use crate::failure::{Failure, Outcome};
use crate::options::json::JsonOutput;
use crate::options::{JsonArgs, ResultArgs, ScenarioArgs, Typed, duration, target};
use crate::output;

/// Users who start in a tenth of a minute or so, when no spawn rate is given: late enough for a cold service to warm up,
/// early enough to leave most of the run to the full load.
const DEFAULT_SPAWN_SECONDS: f64 = 5.0;

/// Users at the same time, when none are given.
const DEFAULT_USERS: u32 = 10;

/// Connections at the same time in a run at a rate, when none are given: a stall of ten seconds at 1,000 a second.
const DEFAULT_CONNECTIONS: u32 = 10_000;

/// Put a store under load: users who order, read reports and think, or requests at a rate
///
/// A request's response time runs from the instant it was due (for a user, just before it is sent) to the last byte of
/// its answer. It failed when there was no whole answer or its status is 400 or more. Works against any service with the
/// same routes. Exit codes: 1 too many requests failed, 98 the generator was the bottleneck, 99 a threshold was crossed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Users at the same time [default: 10]; with --rate, the most connections at the same time [default: 10000]
    #[arg(short, long, visible_alias = "vus", env = "STOREMGR_USERS", value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: Option<u32>,
    /// Users started per second [default: all within 5 seconds]
    #[arg(short = 'r', long, env = "STOREMGR_SPAWN_RATE", value_name = "RATE")]
    spawn_rate: Option<f64>,
    /// Requests per second that are due whether earlier ones were answered or not, instead of users who wait and think
    #[arg(long, env = "STOREMGR_RATE", value_name = "RATE")]
    rate: Option<f64>,
    /// With --rate: how requests are spaced
    #[arg(long, env = "STOREMGR_ARRIVALS", value_name = "HOW", value_enum, default_value_t = ArrivalsArg::Constant)]
    arrivals: ArrivalsArg,
    /// Go evenly to a number of users (with --rate: of requests per second) within a time, e.g. 30s:50; repeatable
    #[arg(long = "stage", value_name = "DURATION:LEVEL")]
    stages: Vec<Stage>,
    /// How long to run, e.g. 90, 90s or 5m; with --stage, the stages' durations add up to it
    #[arg(short = 't', long, visible_alias = "duration", env = "STOREMGR_RUN_TIME", value_name = "DURATION",
          default_value = "60s", value_parser = duration)]
    run_time: Duration,
    /// Before the run time: send requests for so long that do not count
    #[arg(long, env = "STOREMGR_WARM_UP", value_name = "DURATION", default_value = "0", value_parser = duration)]
    warm_up: Duration,
    /// What must hold, e.g. 'p95<200ms', 'POST /orders:fail_ratio<1%' or 'rps>500'; repeatable
    #[arg(long = "threshold", value_name = "CONDITION")]
    thresholds: Vec<Threshold>,
    /// Where the store answers
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// The longest wait for an answer
    #[arg(long, env = "STOREMGR_TIMEOUT", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    timeout: Duration,
    /// After the run time, the longest wait for answers still to come
    #[arg(short = 's', long, env = "STOREMGR_STOP_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    stop_timeout: Duration,
    /// Where random numbers start: the same seed asks for the same things
    #[arg(long, env = "STOREMGR_SEED", value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Search the load from which on the thresholds no longer hold: up in doublings from --users or --rate, then between,
    /// then the edge again [thresholds if none are given: fail_ratio<1%, p95<500ms]
    #[arg(long)]
    find_limit: bool,
    /// With --find-limit: how long each load is measured; it is held for two fifths of that before. Longer than whatever
    /// the service remembers, such as connections that it leaves open
    #[arg(long, env = "STOREMGR_LIMIT_STEP", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    limit_step: Duration,
    /// With --find-limit: how long nothing is sent after a load that was bad [default: as long as that load lasted]
    #[arg(long, env = "STOREMGR_LIMIT_REST", value_name = "DURATION", value_parser = duration)]
    limit_rest: Option<Duration>,
    /// With --find-limit: the highest load tried, in users or requests per second
    #[arg(long, env = "STOREMGR_LIMIT_MOST", value_name = "LOAD", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit_most: u32,
    /// The share of failed requests that is still good, e.g. 1% or 0.01 [default: 0 where no
    /// threshold limits failures]
    #[arg(long, env = "STOREMGR_MAX_FAIL_RATIO", value_name = "RATIO", value_parser = units::parse_share)]
    max_fail_ratio: Option<f64>,
    /// Nothing on standard error while the run lasts
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ArrivalsArg {
    /// Evenly
    Constant,
    /// At random, as independent visitors come
    Poisson,
}

pub(crate) async fn run(args: Args, typed: &Typed) -> Outcome {
    if let Some(printed) = args.scenario.print() {
        return printed;
    }
    args.check(typed).map_err(|sentence| Failure::usage(anyhow!(sentence)))?;
    let scenario = args.scenario.load()?;
    let config = args.config()?;
    // Before anything is opened for writing: it may be the same file.
    let baseline = args.results.baseline(&Conditions::of(&config, &scenario))?;
    let json = args.json.open()?;
    if args.find_limit {
        return find_limit(&args, config, &scenario, json).await;
    }
    let page = args.results.open_page()?;
    let snapshot = |summary: &Summary| {
        // What cannot be written now may be at the end; only then is it said.
        drop(json.write_so_far(summary));
        drop(page.as_ref().map(|page| page.write(&loadtest::page(summary))));
    };
    let exporter = args.results.exporter().await?;
    let outputs = Outputs {
        show: !args.quiet,
        csv: args.results.open_csv()?,
        snapshot: Some(Box::new(snapshot)),
        exporter: exporter.as_ref(),
        baseline,
        tags: args.results.tags(),
    };
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    if !args.quiet {
        process::tell(&announcement(&config));
    }
    let ran = match loadtest::run(config, scenario, outputs, interrupt).await {
        Err(error @ LoadTestError::Interrupted) => return Ok(interrupted(&error)),
        ran => ran,
    };
    let Finished { summary, ended, unwritten } = ran.map_err(failure)?;
    // Whatever cannot be written, the rest still is: only then is it said.
    let shown = if json.tables_wanted() { show(&summary) } else { Ok(()) };
    let page = page.as_ref().map_or(Ok(()), |page| page.write(&loadtest::page(&summary)));
    json.write(&summary).and(page).and(shown)?;
    match unwritten {
        Some(error) => Err(failure(error)),
        None => Ok(exit(&summary, ended, &args.thresholds, args.max_fail_ratio)),
    }
}

async fn find_limit(args: &Args, config: Config, scenario: &Scenario, json: JsonOutput) -> Outcome {
    let search = args.search()?;
    let page = args.results.open_page()?;
    let snapshot = |limit: &Limit| {
        drop(json.write_so_far(limit));
        drop(page.as_ref().map(|page| page.write(&loadtest::limit_page(limit))));
    };
    let exporter = args.results.exporter().await?;
    let outputs = LimitOutputs {
        show: !args.quiet,
        csv: args.results.open_steps()?,
        snapshot: Some(Box::new(snapshot)),
        exporter: exporter.as_ref(),
        tags: args.results.tags(),
    };
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    let found = loadtest::find_limit(config, scenario, search, outputs, interrupt).await;
    let Found { limit, unwritten } = found.map_err(failure)?;
    let shown = if json.tables_wanted() { show_limit(&limit) } else { Ok(()) };
    let page = page.as_ref().map_or(Ok(()), |page| page.write(&loadtest::limit_page(&limit)));
    json.write(&limit).and(page).and(shown)?;
    unwritten.map_or(Ok(()), |error| Err(failure(error)))?;
    Ok(match (limit.ended, limit.gave_way) {
        (LimitEnded::Interrupted, _) => Exit::Interrupted,
        (LimitEnded::HeldBack | LimitEnded::Searching, _) => Exit::CouldNotRun,
        (LimitEnded::Finished, GaveWay::Generator) => Exit::GeneratorLimited,
        (LimitEnded::Finished, _) if limit.last_good.is_none() => Exit::Bad,
        (LimitEnded::Finished, GaveWay::Service | GaveWay::Nobody) => Exit::Good,
    })
}

fn show_limit(limit: &Limit) -> Result<(), Failure> {
    let (sentences, chart, table) = loadtest::limit_tables(limit);
    let sentences = folded(&sentences);
    output::say(&format!("{sentences}\n\n{chart}\n\n{}", table.to_terminal()))
}

/// Sentences as wide as the terminal.
fn folded(sentences: &str) -> String {
    table::folded(sentences, table::terminal_width())
}

fn interrupted(error: &LoadTestError) -> Exit {
    process::tell(&format!("storemgr: {error}"));
    Exit::Interrupted
}

fn announcement(config: &Config) -> String {
    let lasts = units::duration(config.warm_up + config.measured());
    let start = match &config.load {
        Load::Users(users) => format!("{} users", users.users),
        Load::Rate(rate) => format!("{} requests per second", rate.per_second),
    };
    let to = config.load.stages().iter().map(|stage| format!(", {} within {:?}", stage.level, stage.lasts));
    format!("{start}{} on {} for {lasts}", to.collect::<String>(), config.target)
}

fn show(summary: &Summary) -> Result<(), Failure> {
    let (verdict, tables) = loadtest::tables(summary);
    output::say(&folded(&verdict))?;
    tables.iter().try_for_each(|table| output::say(&format!("\n{}", table.to_terminal())))
}

/// Whoever interrupted knows why the run is short; a generator that was the bottleneck makes every other word void; who
/// gave thresholds has said what is good.
fn exit(summary: &Summary, ended: Ended, thresholds: &[Threshold], max_fail_ratio: Option<f64>) -> Exit {
    let failed = match max_fail_ratio {
        Some(most) => summary.bad_ratio() > most,
        None => summary.unjudged_ratio(thresholds) > 0.0,
    };
    // A run without a single answer is not a good one.
    let failed = failed || summary.requests == 0;
    match (ended, summary.verdict) {
        (Ended::Interrupted, _) => Exit::Interrupted,
        (Ended::Finished, Verdict::GeneratorLimited) => Exit::GeneratorLimited,
        (Ended::Finished, Verdict::Valid) if !summary.thresholds_hold() => Exit::ThresholdCrossed,
        (Ended::Finished, Verdict::Valid) if failed => Exit::Bad,
        (Ended::Finished, Verdict::Valid) => Exit::Good,
    }
}

fn failure(error: LoadTestError) -> Failure {
    match error {
        LoadTestError::TooFewHandles { .. } | LoadTestError::UnknownRoute { .. } => Failure::usage(error),
        LoadTestError::Unreachable { .. }
        | LoadTestError::Interrupted
        | LoadTestError::Files(_)
        | LoadTestError::Workers(_) => Failure::could_not_run(error),
    }
}

impl Args {
    /// Refuses what was typed and would be ignored.
    fn check(&self, typed: &Typed) -> Result<(), String> {
        let with_find_limit = ["stages", "warm_up", "run_time", "spawn_rate", "baseline", "max_fail_ratio"];
        let of_find_limit = ["limit_step", "limit_rest", "limit_most"];
        let course = self.rate.is_some() || !self.stages.is_empty();
        // Whether it would be, which options, and why.
        let rules: [(bool, &[&str], &str); 5] = [
            (self.find_limit, &with_find_limit, "says nothing with --find-limit, whose loads take their own time"),
            (!self.find_limit, &of_find_limit, "says nothing without --find-limit"),
            (course, &["spawn_rate"], "says nothing with --rate (or STOREMGR_RATE) or --stage"),
            (self.rate.is_none(), &["arrivals"], "says nothing without --rate"),
            (
                self.scenario.is_of_a_file(),
                &["products", "customers"],
                "is of the built-in scenario: with --scenario (or STOREMGR_SCENARIO) use --var",
            ),
        ];
        for (ignored, options, why) in rules {
            if let Some(option) = typed.first_of(options).filter(|_| ignored) {
                let option = if option == "--stages" { "--stage".to_owned() } else { option };
                return Err(format!("{option} {why}"));
            }
        }
        self.results.check()
    }

    fn config(&self) -> Result<Config, Failure> {
        let target = self.host.clone().ok_or_else(|| {
            let sentence = "no store to load: give --host URL (or STOREMGR_URL), or run `storemgr stack up` first";
            Failure::usage(anyhow!(sentence))
        })?;
        let config = Config {
            target,
            load: self.load()?,
            warm_up: self.warm_up,
            run_time: self.run_time,
            timeout: self.timeout,
            stop_timeout: self.stop_timeout,
            seed: self.seed,
            thresholds: self.thresholds.clone(),
        };
        if config.measured().is_zero() || self.timeout.is_zero() {
            return Err(Failure::usage(anyhow!("the run time and the time-out are longer than nothing")));
        }
        Ok(config)
    }

    fn search(&self) -> Result<Search, Failure> {
        if self.limit_step.is_zero() {
            return Err(Failure::usage(anyhow!("the steps of --find-limit are longer than nothing")));
        }
        let search = Search::with_step(self.limit_step);
        Ok(Search { most: self.limit_most, rest: self.limit_rest.unwrap_or(search.rest), ..search })
    }

    fn load(&self) -> Result<Load, Failure> {
        let usage = |sentence: String| Err(Failure::usage(anyhow!(sentence)));
        let stages = self.stages.clone();
        if let Some(per_second) = self.rate {
            if !(0.0..=1e6).contains(&per_second) || (per_second <= 0.0 && stages.is_empty()) {
                return usage(format!(
                    "the rate is a number of requests per second, at most a million, not {per_second}"
                ));
            }
            let arrivals = match self.arrivals {
                ArrivalsArg::Constant => Arrivals::Constant,
                ArrivalsArg::Poisson => Arrivals::Poisson,
            };
            let most_users = self.users.unwrap_or(DEFAULT_CONNECTIONS);
            return Ok(Load::Rate(Rate { per_second, arrivals, stages, most_users }));
        }
        if !stages.is_empty() && self.users.is_none() && !self.warm_up.is_zero() {
            return usage("a warm-up needs users to begin with: give --users beside --stage".to_owned());
        }
        // Stages begin with nobody, if nothing else is said.
        let users = self.users.unwrap_or(if stages.is_empty() { DEFAULT_USERS } else { 0 });
        let spawn_rate = self.spawn_rate.unwrap_or((f64::from(users) / DEFAULT_SPAWN_SECONDS).max(1.0));
        if !(spawn_rate.is_finite() && spawn_rate > 0.0) {
            return usage(format!("the spawn rate is a number above 0, not {spawn_rate}"));
        }
        Ok(Load::Users(Users { users, spawn_rate, stages }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn checked(arguments: &[&str]) -> Result<(), String> {
        let command = clap::Command::new("storemgr").subcommand(Args::augment_args(clap::Command::new("loadtest")));
        let matches = command.try_get_matches_from([&["storemgr", "loadtest"], arguments].concat()).unwrap();
        let args = Args::from_arg_matches(matches.subcommand_matches("loadtest").unwrap()).unwrap();
        args.check(&Typed::of(&matches))
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        for (line, sentence) in [
            ("--arrivals poisson", "--arrivals says nothing without --rate"),
            ("--limit-step 5s", "--limit-step says nothing without --find-limit"),
            ("--limit-rest 5s", "--limit-rest says"),
            ("--limit-most 50", "--limit-most says"),
            ("--scenario x.toml --products 5", "--products is of the built-in scenario"),
            ("--scenario x.toml --customers 5", "--customers is of"),
            ("--tag a=1 --tag b=2 --tag a=3", "--tag a is given twice"),
            ("--find-limit --run-time 5s", "--run-time says nothing with --find-limit"),
            ("--find-limit --stage 5s:1", "--stage says"),
            ("--find-limit --baseline x.json", "--baseline says"),
            ("--find-limit --max-fail-ratio 1%", "--max-fail-ratio says"),
            ("--rate 5 --spawn-rate 5", "--spawn-rate says nothing with --rate"),
            ("--stage 5s:1 --spawn-rate 5", "--spawn-rate says nothing with --rate"),
        ] {
            let error = checked(&line.split(' ').collect::<Vec<_>>()).unwrap_err();
            assert!(error.starts_with(sentence), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_used_and_what_nobody_typed_is_not_refused() {
        for line in [
            "--quiet",
            "--find-limit --limit-step 5s --limit-rest 5s --limit-most 9",
            "--rate 5 --arrivals poisson --stage 5s:1",
            "--products 5 --customers 5 --spawn-rate 5 --tag a=1 --tag b=1",
            "--scenario x.toml --find-limit",
        ] {
            assert_eq!(checked(&line.split(' ').collect::<Vec<_>>()), Ok(()), "{line}");
        }
    }
}
