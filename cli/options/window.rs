//! The options that choose the window of time of a report.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use storemgr::report::{self, ReportError, Span};
use storemgr::run_result::RecordedRun;

use super::duration;
use crate::failure::Failure;

/// The options for the window. `--last`, `--from` and `--run` exclude each other.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Window")]
pub(crate) struct WindowArgs {
    /// The last DURATION up to now, e.g. 30, 90s, 5m or 1h30m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
    pub(crate) last: Duration,
    /// Begin at this time: 2026-11-24T12:00:00Z, 12:00 (today, UTC) or -10m (before now)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["last", "run"])]
    from: Option<String>,
    /// With --from: end at this time, in the same formats [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "from", conflicts_with_all = ["last", "run"])]
    to: Option<String>,
    /// The time of a load test: the file that `storemgr loadtest --json FILE` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "last")]
    run: Option<PathBuf>,
}

impl WindowArgs {
    /// The file of `--run`, if it was given.
    pub(crate) fn run(&self) -> Option<&Path> {
        self.run.as_deref()
    }

    /// The window that these options choose. Reads the file of `--run`.
    pub(crate) fn span(&self) -> Result<Span, Failure> {
        if self.last.is_zero() {
            return Err(Failure::usage(anyhow!(
                "--last must be longer than 0: say how far to look back, for example --last 5m"
            )));
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

/// A window that the command line must correct is a usage error; a Prometheus that cannot answer is not.
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
