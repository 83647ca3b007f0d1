//! `storemgr loadtest`: put a store under load and say what it did.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::loadtest::{self, Config, Ended, Finished, LoadTestError, Summary, Verdict};
use storemgr::net::Target;
use storemgr::process::{self, Exit};

use crate::failure::{Failure, Outcome};
use crate::options::{JsonArgs, ResultArgs, ScenarioArgs, duration, target};
use crate::output;

/// Users who start in a tenth of a minute or so, when no spawn rate is given: late enough for a cold service to warm up,
/// early enough to leave most of the run to the full load.
const DEFAULT_SPAWN_SECONDS: f64 = 5.0;

/// Put a store under load: users who order, read reports and think
///
/// A request's response time runs from just before it is sent to the last byte of its answer. It failed when there was
/// no whole answer or its status is 400 or more. Works against any service with the same routes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Users at the same time
    #[arg(short, long, visible_alias = "vus", env = "STOREMGR_USERS", value_name = "COUNT", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,
    /// Users started per second [default: all within 5 seconds]
    #[arg(short = 'r', long, env = "STOREMGR_SPAWN_RATE", value_name = "RATE")]
    spawn_rate: Option<f64>,
    /// How long to run, e.g. 90, 90s or 5m
    #[arg(short = 't', long, visible_alias = "duration", env = "STOREMGR_RUN_TIME", value_name = "DURATION",
          default_value = "60s", value_parser = duration)]
    run_time: Duration,
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
    /// The share of failed requests that is still good, e.g. 1% or 0.01
    #[arg(long, env = "STOREMGR_MAX_FAIL_RATIO", value_name = "RATIO", default_value = "0", value_parser = ratio)]
    max_fail_ratio: f64,
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

pub(crate) async fn run(args: Args) -> Outcome {
    if let Some(printed) = args.scenario.print() {
        return printed;
    }
    let scenario = args.scenario.load()?;
    let config = args.config()?;
    let json = args.json.open()?;
    let (files, page) = (args.results.open_csv()?, args.results.open_page()?);
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    if !args.quiet {
        eprintln!("{} users on {} for {}", config.users, config.target, storemgr::units::duration(config.run_time));
    }
    let ran = loadtest::run(config, scenario, files, !args.quiet, interrupt).await;
    let Finished { mut summary, ended, unwritten } = ran.map_err(failure)?;
    summary.tags = args.results.tags();
    // Whatever cannot be written, the rest still is: only then is it said.
    let shown = if json.tables_wanted() { show(&summary) } else { Ok(()) };
    let page = page.map_or(Ok(()), |page| page.write(&summary));
    json.write(&summary).and(page).and(shown)?;
    match unwritten {
        Some(error) => Err(failure(error)),
        None => Ok(exit(&summary, ended, args.max_fail_ratio)),
    }
}

fn show(summary: &Summary) -> Result<(), Failure> {
    let (verdict, tables) = loadtest::tables(summary);
    output::say(&verdict)?;
    tables.iter().try_for_each(|table| output::say(&format!("\n{}", table.to_terminal())))
}

/// Whoever interrupted knows why the run is short; a generator that was the bottleneck makes every other word void.
fn exit(summary: &Summary, ended: Ended, max_fail_ratio: f64) -> Exit {
    match (ended, summary.verdict) {
        (Ended::Interrupted, _) => Exit::Interrupted,
        (Ended::Finished, Verdict::GeneratorLimited) => Exit::GeneratorLimited,
        // A run without a single answer is not a good one.
        (Ended::Finished, Verdict::Valid) if summary.requests == 0 || summary.bad_ratio() > max_fail_ratio => Exit::Bad,
        (Ended::Finished, Verdict::Valid) => Exit::Good,
    }
}

fn failure(error: LoadTestError) -> Failure {
    match error {
        LoadTestError::TooFewHandles { .. } => Failure::usage(error),
        LoadTestError::Unreachable { .. } | LoadTestError::Files(_) => Failure::could_not_run(error),
    }
}

impl Args {
    fn config(&self) -> Result<Config, Failure> {
        let target = self.host.clone().ok_or_else(|| {
            let sentence = "no store to load: give --host URL (or STOREMGR_URL), or run `storemgr stack up` first";
            Failure::usage(anyhow!(sentence))
        })?;
        let spawn_rate = self.spawn_rate.unwrap_or((f64::from(self.users) / DEFAULT_SPAWN_SECONDS).max(1.0));
        if !(spawn_rate.is_finite() && spawn_rate > 0.0) {
            return Err(Failure::usage(anyhow!("the spawn rate is a number above 0, not {spawn_rate}")));
        }
        if self.run_time.is_zero() || self.timeout.is_zero() {
            return Err(Failure::usage(anyhow!("the run time and the time-out are longer than nothing")));
        }
        Ok(Config {
            target,
            users: self.users,
            spawn_rate,
            run_time: self.run_time,
            timeout: self.timeout,
            stop_timeout: self.stop_timeout,
            seed: self.seed,
        })
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    parsed.ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or_else(|| "write a share like 1% or 0.01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_as_people_write_them() {
        assert_eq!(ratio("1%"), Ok(0.01));
        assert_eq!(ratio("0.5"), Ok(0.5));
        assert!(ratio("2").is_err() && ratio("-1%").is_err() && ratio("x").is_err());
    }
}
