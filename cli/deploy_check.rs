//! `storemgr deploy-check`: is this deployment sound?

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use storemgr::deploy_check::{self, CATALOG, Check, Files, Location, Locations, Phase, RunningDeployment};
use storemgr::net::Target;
use storemgr::process::{self, Exit};

use crate::failure::{CommandResult, Failure};
use crate::options::{DatabaseArgs, JsonArgs, RedisArgs, ReportFile, duration, environment, target};
use crate::output;

/// Check a deployment: with --before its files, with nothing running; with --after (the default) what runs
///
/// --before reads .env, the compose file, nginx, Prometheus, rules, dashboards and workflows, and holds them against each
/// other. --after asks the database, Redis, the instances, nginx and Prometheus, and places one order that it takes back.
/// Checks whose part is not there or not configured are skipped. Exit code 0 when none fails, 1 when one does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check the files, with nothing running
    #[arg(long, conflicts_with = "after")]
    before: bool,
    /// Check what runs; this is the default
    #[arg(long)]
    after: bool,
    /// Make only these checks; repeatable, or comma-separated
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = check)]
    only: Vec<Check>,
    /// Leave these checks out; repeatable, or comma-separated
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = check)]
    skip: Vec<Check>,
    /// Print all checks and what they expect, and make none
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    json: JsonArgs,
    /// Also write the result as JUnit XML to FILE
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    running: RunningArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
}

/// Where the files are. Those that are not there are not checked, unless they are named.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Before: files")]
struct FileArgs {
    /// Variables and secrets for compose [default: .env]; FILE.example, if it is there, lists what belongs in it
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// The services [default: ops/compose.yml]
    #[arg(long, value_name = "FILE")]
    compose: Option<PathBuf>,
    /// The folder that paths in it start from [default: its own]
    #[arg(long, value_name = "FOLDER")]
    project_directory: Option<PathBuf>,
    /// How the image is built [default: ops/Dockerfile, and those that the services name]
    #[arg(long, value_name = "FILE")]
    dockerfile: Option<PathBuf>,
    /// nginx's configuration [default: nginx/nginx.conf]
    #[arg(long, value_name = "FILE")]
    nginx: Option<PathBuf>,
    /// Prometheus's configuration [default: monitoring/prometheus.yml]
    #[arg(long, value_name = "FILE")]
    prometheus_config: Option<PathBuf>,
    /// Recording and alerting rules, a folder or a file; --after expects their alerts [default: monitoring/rules]
    #[arg(long, env = "STOREMGR_RULES", value_name = "PATH")]
    rules: Option<PathBuf>,
    /// Grafana dashboards, a folder or a file [default: monitoring/grafana]
    #[arg(long, value_name = "PATH")]
    dashboards: Option<PathBuf>,
    /// Workflows of GitHub Actions, a folder or a file [default: .github/workflows]
    #[arg(long, value_name = "PATH")]
    workflows: Option<PathBuf>,
}

/// Where the parts of a running deployment are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "After: what runs")]
struct RunningArgs {
    /// Where clients go: nginx
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// An instance behind it; repeatable, or comma-separated
    #[arg(long = "instance", env = "STOREMGR_INSTANCES", value_name = "URL", value_delimiter = ',', value_parser = target)]
    instances: Vec<Target>,
    /// Where Prometheus answers
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = target)]
    prometheus: Option<Target>,
    /// Where Grafana answers
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = target)]
    grafana: Option<Target>,
    /// The commit that the instances should have been built from [default: that of this program, where it is known]
    #[arg(long, value_name = "COMMIT")]
    revision: Option<String>,
    /// The oldest that a report may be
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration)]
    report_age: Duration,
    /// A folder on a disk that must not be full; repeatable
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    data: Vec<PathBuf>,
    /// The part of each of these disks that must be free
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    disk_margin: f64,
    /// The part of this machine's memory that must be available
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    memory_margin: f64,
    /// The longest wait for one answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    timeout: Duration,
}

/// Where rules usually are.
const RULES: &str = "monitoring/rules";

pub(crate) async fn run(args: Args) -> CommandResult {
    if args.list {
        output::say(&deploy_check::catalog_table(CATALOG).to_terminal())?;
        return Ok(Exit::Good);
    }
    let phase = if args.before { Phase::Before } else { Phase::After };
    let checks = args.checks(phase)?;
    let json = args.json.open()?;
    let junit = ReportFile::open(args.junit.as_ref())?;
    let verdict = match phase {
        Phase::Before => deploy_check::before(&checks, args.files.load()?).await,
        Phase::After => deploy_check::after(&checks, args.deployment()?).await,
    };
    if json.tables_wanted() {
        output::say(&deploy_check::table(&verdict).to_terminal())?;
        output::say(&format!("\n{}", deploy_check::summary_line(&verdict)))?;
    }
    json.write(&verdict)?;
    junit.write(&deploy_check::junit(&verdict).map_err(Failure::could_not_run)?)?;
    Ok(if verdict.healthy { Exit::Good } else { Exit::Bad })
}

fn check(name: &str) -> Result<Check, String> {
    let found = CATALOG.iter().find(|check| check.id == name).copied();
    found.ok_or_else(|| format!("there is no check {name}: `storemgr deploy-check --list` shows all"))
}

/// Reads a percentage as a ratio.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    number.map(|number| number / 100.0).ok_or_else(|| format!("{text:?} is not a percentage from 0 to 100"))
}

impl FileArgs {
    fn load(&self) -> Result<Files, Failure> {
        let place = |named: &Option<PathBuf>, usual| Location::or_usual(named.clone(), usual);
        let files = Files::load(&Locations {
            env_file: place(&self.env_file, ".env"),
            compose: place(&self.compose, "ops/compose.yml"),
            project_directory: self.project_directory.clone(),
            dockerfile: place(&self.dockerfile, "ops/Dockerfile"),
            nginx: place(&self.nginx, "nginx/nginx.conf"),
            prometheus: place(&self.prometheus_config, "monitoring/prometheus.yml"),
            rules: place(&self.rules, RULES),
            dashboards: place(&self.dashboards, "monitoring/grafana"),
            workflows: place(&self.workflows, ".github/workflows"),
            environment: environment::of_the_shell(),
        });
        if files.is_empty() {
            let sentence =
                "there are no files of a deployment here: run it where ops/compose.yml is, or name it with --compose";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(files)
    }
}

impl Args {
    fn deployment(&self) -> Result<RunningDeployment, Failure> {
        let deployment = RunningDeployment {
            database: if self.database.is_configured() { Some(self.database.address()?) } else { None },
            redis: self.redis.address()?,
            front: self.running.host.clone(),
            instances: self.running.instances.clone(),
            prometheus: self.running.prometheus.clone(),
            grafana: self.running.grafana.clone(),
            revision: self.running.revision.clone().or_else(process::revision),
            alerts: deploy_check::alert_names(&Location::or_usual(self.files.rules.clone(), RULES)),
            report_age: self.running.report_age,
            data: self.running.data.clone(),
            disk_margin: self.running.disk_margin,
            memory_margin: self.running.memory_margin,
            timeout: self.running.timeout,
            ..RunningDeployment::default()
        };
        if deployment.is_empty() {
            let sentence = "no deployment is configured: run `storemgr stack up`, or set DB_HOST, REDIS_HOST, STOREMGR_URL, \
                            STOREMGR_INSTANCES and PROMETHEUS_URL";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(deployment)
    }

    /// The checks to make, or why there are none.
    fn checks(&self, phase: Phase) -> Result<Vec<Check>, Failure> {
        if let Some(other) = self.only.iter().find(|check| check.phase() != phase) {
            let flag = other.phase().name();
            return Err(Failure::usage(anyhow!("{} is a check of --{flag}: add --{flag}", other.id)));
        }
        let among = |list: &[Check], check: &Check| list.iter().any(|other| other.id == check.id);
        let wanted = |check: &&Check| (self.only.is_empty() || among(&self.only, check)) && !among(&self.skip, check);
        Ok(CATALOG.iter().filter(|check| check.phase() == phase).filter(wanted).copied().collect())
    }
}
