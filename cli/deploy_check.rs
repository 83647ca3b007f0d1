//! `storemgr deploy-check`: is this deployment sound?

use std::time::Duration;

use anyhow::anyhow;
use storemgr::deploy_check::{self, CATALOG, Check, Surroundings};
use storemgr::net::Target;
use storemgr::process::Exit;

use crate::failure::{Failure, Outcome};
use crate::options::{DatabaseArgs, JsonArgs, RedisArgs, duration, target};
use crate::output;

/// Check a running deployment: database, schema, connections, Redis, instances, nginx, Prometheus, and one order
///
/// Checks whose part is not configured are skipped. Exit code 0 when none fails, 1 when one does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where clients go: nginx
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// An instance behind it; repeatable, or comma-separated
    #[arg(long = "instance", env = "STOREMGR_INSTANCES", value_name = "URL", value_delimiter = ',', value_parser = target)]
    instances: Vec<Target>,
    /// Where Prometheus answers
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = target)]
    prometheus: Option<Target>,
    /// The longest wait for one answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    timeout: Duration,
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
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
}

pub(crate) async fn run(args: Args) -> Outcome {
    if args.list {
        output::say(&deploy_check::catalog_table(CATALOG).to_terminal())?;
        return Ok(Exit::Good);
    }
    let surroundings = args.surroundings()?;
    let json = args.json.open()?;
    let verdict = deploy_check::run(&args.checks(), surroundings).await;
    if json.tables_wanted() {
        output::say(&deploy_check::table(&verdict).to_terminal())?;
        output::say(&format!("\n{}", deploy_check::summary_line(&verdict)))?;
    }
    json.write(&verdict)?;
    Ok(if verdict.healthy { Exit::Good } else { Exit::Bad })
}

fn check(name: &str) -> Result<Check, String> {
    let found = CATALOG.iter().find(|check| check.id == name).copied();
    found.ok_or_else(|| format!("there is no check {name}: `storemgr deploy-check --list` shows all"))
}

impl Args {
    fn surroundings(&self) -> Result<Surroundings, Failure> {
        let surroundings = Surroundings {
            database: if self.database.is_configured() { Some(self.database.address()?) } else { None },
            redis: self.redis.address()?,
            front: self.host.clone(),
            instances: self.instances.clone(),
            prometheus: self.prometheus.clone(),
            timeout: self.timeout,
        };
        if surroundings.is_empty() {
            let sentence = "no deployment is configured: run `storemgr stack up`, or set DB_HOST, REDIS_HOST, STOREMGR_URL, \
                            STOREMGR_INSTANCES and PROMETHEUS_URL";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(surroundings)
    }

    fn checks(&self) -> Vec<Check> {
        let among = |list: &[Check], check: &Check| list.iter().any(|other| other.id == check.id);
        let wanted = |check: &&Check| (self.only.is_empty() || among(&self.only, check)) && !among(&self.skip, check);
        CATALOG.iter().filter(wanted).copied().collect()
    }
}
