//! Which service is put under load, and how long its answers are waited for.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::net::Target;

use crate::failure::Failure;
use crate::options::{duration, target};

/// The options that say where the service is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// Where the store answers
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// The longest wait for an answer
    #[arg(long, env = "STOREMGR_TIMEOUT", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) timeout: Duration,
}

impl TargetArgs {
    /// The service.
    pub(super) fn target(&self) -> Result<Target, Failure> {
        self.host.clone().ok_or_else(|| {
            let sentence = "no store to load: give --host URL (or STOREMGR_URL), or run `storemgr stack up` first";
            Failure::usage(anyhow!(sentence))
        })
    }
}
