//! `storemgr loadtest`: puts a service under load and reports what it did.

mod groups;
mod judgement;
mod load;
mod results;
mod scenario;
mod search;
mod target;

use anyhow::anyhow;
use storemgr::loadtest::{
    self, Config, Ended, Found, Load, LoadTestError, RunOutputs, Scenario, SearchOutputs, interrupted_by,
};
use storemgr::process::{self, Exit};
use storemgr::run_result::{GaveWay, LimitEnded, LimitResult, RunResult, Verdict};
use storemgr::{table, units};

use self::groups::{BUILT_IN_SCENARIO, NOT_WITH_FIND_LIMIT, NOT_WITH_RATE_OR_STAGE, WITH_FIND_LIMIT, WITH_RATE};
use self::judgement::JudgementArgs;
use self::load::LoadArgs;
use self::results::ResultArgs;
use self::scenario::ScenarioArgs;
use self::search::SearchArgs;
use self::target::TargetArgs;
use crate::failure::{CommandResult, Failure};
use crate::options::TypedOptions;
use crate::output;

/// Put a store under load: users who order, read reports and think, or requests at a rate
///
/// The response time of a request runs from the instant it was due (for a user: just before it is sent) to the last
/// byte of the answer. A request has failed when no complete answer came or its status is 400 or more. Works against
/// any service with the same routes. Exit codes: 1 too many requests failed, 98 the generator was the bottleneck, 99 a
/// threshold was crossed.
#[derive(Debug, clap::Args)]
#[command(groups = groups::all())]
pub(crate) struct Args {
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    judgement: JudgementArgs,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    results: ResultArgs,
}

pub(crate) async fn run(args: Args, typed: &TypedOptions) -> CommandResult {
    if let Some(printed) = args.scenario.print() {
        return printed;
    }
    args.check(typed).map_err(|sentence| Failure::usage(anyhow!(sentence)))?;
    let scenario = args.scenario.load()?;
    let config = args.config()?;
    if args.search.find_limit {
        find_limit(&args, config, &scenario).await
    } else {
        run_once(&args, config, scenario).await
    }
}

async fn run_once(args: &Args, config: Config, scenario: Scenario) -> CommandResult {
    // The baseline is read before anything is opened for writing: it may be the same file.
    let criteria = args.judgement.criteria(&loadtest::conditions(&config, &scenario))?;
    let files = args.results.open(loadtest::page)?;
    let exporter = args.results.exporter().await?;
    let outputs = RunOutputs {
        show: !args.results.quiet,
        csv: args.results.open_csv()?,
        snapshot: Some(Box::new(|run| files.write_so_far(run))),
        exporter: exporter.as_ref(),
        tags: args.results.tags(),
    };
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    if !args.results.quiet {
        process::tell(&announcement(&config));
    }
    let run = |steering| loadtest::run(config, &criteria, scenario, outputs, steering);
    let finished = match interrupted_by(interrupt, run).await {
        Err(error @ LoadTestError::Interrupted) => return Ok(interrupted(&error)),
        ran => ran.map_err(failure)?,
    };
    files.write(&finished.result, show)?;
    match finished.unwritten {
        Some(error) => Err(failure(error)),
        None => Ok(exit(&finished.result, finished.ended, &args.judgement)),
    }
}

async fn find_limit(args: &Args, config: Config, scenario: &Scenario) -> CommandResult {
    let search = args.search.search()?;
    let files = args.results.open(loadtest::limit_page)?;
    let exporter = args.results.exporter().await?;
    let outputs = SearchOutputs {
        show: !args.results.quiet,
        csv: args.results.open_steps()?,
        snapshot: Some(Box::new(|limit| files.write_so_far(limit))),
        exporter: exporter.as_ref(),
        tags: args.results.tags(),
    };
    let thresholds = args.judgement.thresholds.clone();
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    let find = |steering| loadtest::find_limit(config, thresholds, scenario, search, outputs, steering);
    let found = interrupted_by(interrupt, find).await;
    let Found { limit, unwritten } = found.map_err(failure)?;
    files.write(&limit, show_limit)?;
    unwritten.map_or(Ok(()), |error| Err(failure(error)))?;
    Ok(match (limit.ended, limit.gave_way) {
        (LimitEnded::Interrupted, _) => Exit::Interrupted,
        (LimitEnded::HeldBack | LimitEnded::Searching, _) => Exit::CouldNotRun,
        (LimitEnded::Finished, GaveWay::Generator) => Exit::GeneratorLimited,
        (LimitEnded::Finished, _) if limit.last_good.is_none() => Exit::Bad,
        (LimitEnded::Finished, GaveWay::Service | GaveWay::Nobody) => Exit::Good,
    })
}

fn show_limit(limit: &LimitResult) -> Result<(), Failure> {
    let (sentences, chart, table) = loadtest::limit_tables(limit);
    let sentences = folded(&sentences);
    output::say(&format!("{sentences}\n\n{chart}\n\n{}", table.to_terminal()))
}

/// Wraps sentences to the width of the terminal.
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

fn show(run: &RunResult) -> Result<(), Failure> {
    let (verdict, tables) = loadtest::tables(run);
    output::say(&folded(&verdict))?;
    tables.iter().try_for_each(|table| output::say(&format!("\n{}", table.to_terminal())))
}

/// An interrupt explains why a run is short, so it comes first. If the generator was the bottleneck, no other result is
/// valid. Given thresholds take precedence over the share of failures.
fn exit(run: &RunResult, ended: Ended, judgement: &JudgementArgs) -> Exit {
    match (ended, run.verdict) {
        (Ended::Interrupted, _) => Exit::Interrupted,
        (Ended::Finished, Verdict::GeneratorLimited) => Exit::GeneratorLimited,
        (Ended::Finished, Verdict::Valid) if !run.thresholds_hold() => Exit::ThresholdCrossed,
        (Ended::Finished, Verdict::Valid) if judgement.too_many_failed(run) => Exit::Bad,
        (Ended::Finished, Verdict::Valid) => Exit::Good,
    }
}

fn failure(error: LoadTestError) -> Failure {
    match error {
        LoadTestError::TooFewHandles { .. }
        | LoadTestError::UnknownRoute { .. }
        | LoadTestError::NoCheck { .. }
        | LoadTestError::AmbiguousRoute { .. } => Failure::usage(error),
        LoadTestError::Unreachable { .. }
        | LoadTestError::Interrupted
        | LoadTestError::Files(_)
        | LoadTestError::Workers(_) => Failure::could_not_run(error),
    }
}

impl Args {
    /// Refuses options that were typed and would have no effect.
    fn check(&self, typed: &TypedOptions) -> Result<(), String> {
        let find_limit = self.search.find_limit;
        let has_course = self.load.has_rate() || self.load.has_stages();
        // For each group: whether its options would have no effect, and why.
        let rules = [
            (find_limit, NOT_WITH_FIND_LIMIT, "has no effect with --find-limit, which times its loads itself"),
            (!find_limit, WITH_FIND_LIMIT, "has no effect without --find-limit"),
            (has_course, NOT_WITH_RATE_OR_STAGE, "has no effect with --rate (or STOREMGR_RATE) or --stage"),
            (!self.load.has_rate(), WITH_RATE, "has no effect without --rate"),
            (
                self.scenario.is_of_a_file(),
                BUILT_IN_SCENARIO,
                "belongs to the built-in scenario: with --scenario (or STOREMGR_SCENARIO) use --var",
            ),
        ];
        for (ignored, group, why) in rules {
            if let Some(option) = typed.first_in(group).filter(|_| ignored) {
                return Err(format!("{option} {why}"));
            }
        }
        self.results.check()
    }

    fn config(&self) -> Result<Config, Failure> {
        let config = Config {
            target: self.target.target()?,
            load: self.load.load()?,
            warm_up: self.load.warm_up,
            run_time: self.load.run_time,
            timeout: self.target.timeout,
            stop_timeout: self.load.stop_timeout,
            seed: self.load.seed,
        };
        if config.measured().is_zero() || self.target.timeout.is_zero() {
            return Err(Failure::usage(anyhow!("the run time and the time-out must be longer than 0")));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn checked(arguments: &[&str]) -> Result<(), String> {
        let command = clap::Command::new("storemgr").subcommand(Args::augment_args(clap::Command::new("loadtest")));
        let matches = command.clone().try_get_matches_from([&["storemgr", "loadtest"], arguments].concat()).unwrap();
        let args = Args::from_arg_matches(matches.subcommand_matches("loadtest").unwrap()).unwrap();
        args.check(&TypedOptions::of(command, &matches))
    }

    #[test]
    fn options_that_would_have_no_effect_are_refused() {
        for (line, sentence) in [
            ("--arrivals poisson", "--arrivals has no effect without --rate"),
            ("--limit-step 5s", "--limit-step has no effect without --find-limit"),
            ("--limit-rest 5s", "--limit-rest has no effect"),
            ("--limit-most 50", "--limit-most has no effect"),
            ("--scenario x.toml --products 5", "--products belongs to the built-in scenario"),
            ("--scenario x.toml --customers 5", "--customers belongs to"),
            ("--tag a=1 --tag b=2 --tag a=3", "--tag a is given twice"),
            ("--find-limit --run-time 5s", "--run-time has no effect with --find-limit"),
            ("--find-limit --stage 5s:1", "--stage has no effect"),
            ("--find-limit --baseline x.json", "--baseline has no effect"),
            ("--find-limit --max-fail-ratio 1%", "--max-fail-ratio has no effect"),
            ("--rate 5 --spawn-rate 5", "--spawn-rate has no effect with --rate"),
            ("--stage 5s:1 --spawn-rate 5", "--spawn-rate has no effect with --rate"),
        ] {
            let error = checked(&line.split(' ').collect::<Vec<_>>()).unwrap_err();
            assert!(error.starts_with(sentence), "{line}: {error}");
        }
    }

    #[test]
    fn options_that_are_used_or_were_not_typed_are_accepted() {
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
