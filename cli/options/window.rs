//! The window of time that a report is about.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use storemgr::report::{self, ReportError, Span};
use storemgr::run_result::RecordedRun;

use super::duration;
use crate::failure::Failure;

/// The options for a window, of which one at most is given.
#[derive(Debug, clap::Args)]
pub(crate) struct WindowArgs {
    /// The window: this long, up to now (30, 90s, 5m, 1h30m)
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
    pub(crate) last: Duration,
    /// The window: from this time on; 2026-11-24T12:00:00Z, 12:00 (today, UTC) or -10m (before now)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["last", "run"])]
    from: Option<String>,
    /// With --from: up to this time, written in the same ways [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "from", conflicts_with_all = ["last", "run"])]
    to: Option<String>,
    /// The window: the run that `storemgr loadtest --json FILE` has written
    #[arg(long, value_name = "FILE", conflicts_with = "last")]
    run: Option<PathBuf>,
}

impl WindowArgs {
    /// The window that is meant.
    pub(crate) fn span(&self) -> Result<Span, Failure> {
        if self.last.is_zero() {
            return Err(Failure::usage(anyhow!("--last 0 is no window: write how far to look back, like --last 5m")));
        }
        if let Some(path) = &self.run {
            return Ok(Span::Run(Box::new(RecordedRun::read(path).map_err(Failure::usage)?)));
        }
        let Some(from) = &self.from else { return Ok(Span::Last(self.last)) };
        let now = SystemTime::now();
        let read = |option: &str, text: &str| {
            let instant = report::parse_instant(text, now);
            instant.map_err(|error| Failure::usage(anyhow!("{option}: {error}")))
        };
        let (from, to) = (read("--from", from)?, self.to.as_deref().map_or(Ok(now), |to| read("--to", to))?);
        Span::between(from, to).map_err(failure)
    }
}

/// What the user can repair in the command line is a usage error; the rest could not be done.
pub(crate) fn failure(error: ReportError) -> Failure {
    match error {
        ReportError::NotYet { .. }
        | ReportError::Future { .. }
        | ReportError::Backwards { .. }
        | ReportError::TooLong { .. } => Failure::usage(error),
        ReportError::NoData { .. } | ReportError::NoneUp { .. } | ReportError::Prometheus(_) => {
            Failure::could_not_run(error)
        }
    }
}
