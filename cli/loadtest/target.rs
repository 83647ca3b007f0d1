//! The options for the service under load, and how long to wait for its answers.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::net::Target;

use super::way::WayArgs;
use crate::failure::Failure;
use crate::options::{duration, target};

/// The options under the heading "Target".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// The URL of the service
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// The longest wait for an answer, from the instant its request was due
    #[arg(long, env = "STOREMGR_TIMEOUT", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) timeout: Duration,
    #[command(flatten)]
    pub(super) way: WayArgs,
}

impl TargetArgs {
    /// The address given with `--host`, if there is one.
    pub(super) fn host(&self) -> Option<&Target> {
        self.host.as_ref()
    }

    /// The address given with `--host`, which is required.
    pub(super) fn target(&self) -> Result<Target, Failure> {
        self.host.clone().ok_or_else(|| {
            let sentence = "no store to load: give --host URL (or STOREMGR_URL) for a scenario or just the URL of one request, or run `storemgr stack up` first";
            Failure::usage(anyhow!(sentence))
        })
    }
}
