//! Whether the limit is searched, and how.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::loadtest::Search;

use super::groups::WITH_FIND_LIMIT;
use crate::failure::Failure;
use crate::options::duration;

/// The options of a search.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Search for the limit")]
pub(crate) struct SearchArgs {
    /// Search the load from which on the thresholds no longer hold: up in doublings from --users or --rate, then between,
    /// then the edge again [thresholds if none are given: fail_ratio<1%, p95<500ms]
    #[arg(long)]
    pub(super) find_limit: bool,
    /// With --find-limit: how long each load is measured; it is held for two fifths of that before. Longer than whatever
    /// the service remembers, such as connections that it leaves open
    #[arg(long, env = "STOREMGR_LIMIT_STEP", value_name = "DURATION", default_value = "10s", value_parser = duration,
          group = WITH_FIND_LIMIT)]
    limit_step: Duration,
    /// With --find-limit: how long nothing is sent after a load that was bad [default: as long as that load lasted]
    #[arg(long, env = "STOREMGR_LIMIT_REST", value_name = "DURATION", value_parser = duration, group = WITH_FIND_LIMIT)]
    limit_rest: Option<Duration>,
    /// With --find-limit: the highest load tried, in users or requests per second
    #[arg(long, env = "STOREMGR_LIMIT_MOST", value_name = "LOAD", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), group = WITH_FIND_LIMIT)]
    limit_most: u32,
}

impl SearchArgs {
    /// How the limit is searched.
    pub(super) fn search(&self) -> Result<Search, Failure> {
        if self.limit_step.is_zero() {
            return Err(Failure::usage(anyhow!("the steps of --find-limit are longer than nothing")));
        }
        let search = Search::with_step(self.limit_step);
        Ok(Search { most: self.limit_most, rest: self.limit_rest.unwrap_or(search.rest), ..search })
    }
}
