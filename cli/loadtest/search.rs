//! The options of `--find-limit`.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::loadtest::Search;
use storemgr::net::Target;

use super::groups::WITH_FIND_LIMIT;
use crate::failure::Failure;
use crate::options::duration;

/// The options under the heading "Search for the limit".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Search for the limit")]
pub(crate) struct SearchArgs {
    /// Find the load from which the thresholds no longer hold: double from --users or --rate, halve the gap, then
    /// repeat the edge [thresholds if none are given: fail_ratio<1%, p95<500ms]
    #[arg(long)]
    pub(super) find_limit: bool,
    /// With --find-limit: how long each load is measured at a time, after two fifths of that time. A load is held for at
    /// least two of these times, and on until response times and the store's open database connections no longer rise
    #[arg(long, env = "STOREMGR_LIMIT_STEP", value_name = "DURATION", default_value = "10s", value_parser = duration,
          group = WITH_FIND_LIMIT)]
    limit_step: Duration,
    /// With --find-limit: the instances of a store whose /metrics tell how many database connections are open,
    /// comma-separated [default: the service itself]
    #[arg(long, env = "STOREMGR_INSTANCES", value_name = "URLS", value_delimiter = ',',
          value_parser = crate::options::target)]
    limit_instances: Vec<Target>,
    /// With --find-limit: how long to send nothing after a bad load [default: as long as that load lasted]
    #[arg(long, env = "STOREMGR_LIMIT_REST", value_name = "DURATION", value_parser = duration, group = WITH_FIND_LIMIT)]
    limit_rest: Option<Duration>,
    /// With --find-limit: the highest load to try, in users or requests per second
    #[arg(long, env = "STOREMGR_LIMIT_MOST", value_name = "LOAD", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), group = WITH_FIND_LIMIT)]
    limit_most: u32,
}

impl SearchArgs {
    /// Forgets the instances that the environment names.
    pub(super) fn forget_instances(&mut self) {
        self.limit_instances.clear();
    }

    /// The instances of the store, if they are known.
    pub(super) fn instances(&self) -> &[Target] {
        &self.limit_instances
    }

    /// The parameters of the search of this service.
    pub(super) fn search(&self, service: &Target) -> Result<Search, Failure> {
        if self.limit_step.is_zero() {
            return Err(Failure::usage(anyhow!("--limit-step must be longer than 0")));
        }
        let search = Search::with_step(self.limit_step);
        let instances = match self.limit_instances.as_slice() {
            [] => vec![service.clone()],
            given => given.to_vec(),
        };
        Ok(Search { most: self.limit_most, rest: self.limit_rest.unwrap_or(search.rest), instances, ..search })
    }
}
