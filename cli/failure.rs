//! How a command that could not do its work says so: a sentence and an exit code, printed once, here.

use std::time::Duration;

use storemgr::process::{self, Exit};

/// What every command returns: how it ended, or why it could not do its work.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Why a command could not do its work, and the exit code that says which kind of reason it is.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// The command line or the configuration is wrong: exit code 2.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// Something outside could not be reached or written: exit code 3.
    pub(crate) fn could_not_run(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::CouldNotRun, error: error.into() }
    }
}

/// The longest that a process which ends waits for its log to be written.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Prints a failure as one sentence with its causes, behind everything that was logged, and gives the exit code of either
/// outcome.
pub(crate) fn report(outcome: Outcome) -> u8 {
    process::flush_log(LOG_PATIENCE);
    match outcome {
        Ok(exit) => exit.code(),
        Err(failure) => {
            process::tell(&format!("storemgr: {:#}", failure.error));
            failure.exit.code()
        }
    }
}
