//! The error of a command: one sentence and an exit code. It is printed here and nowhere else.

use std::time::Duration;

use storemgr::process::{self, Exit};

/// What every command returns: its exit code, or why it could not do its work.
pub(crate) type CommandResult = Result<Exit, Failure>;

/// Why a command could not do its work, with the exit code for that kind of reason.
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

    /// Its exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Why, in one sentence with its causes.
    pub(crate) fn sentence(&self) -> String {
        format!("{:#}", self.error)
    }
}

/// The longest that a process which ends waits for its log to be written.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Prints a failure as one sentence with its causes, after everything that was logged, and returns the exit code of the command.
pub(crate) fn report(outcome: CommandResult) -> u8 {
    process::flush_log(LOG_PATIENCE);
    match outcome {
        Ok(exit) => exit.code(),
        Err(failure) => {
            process::tell(&format!("storemgr: {}", failure.sentence()));
            failure.exit.code()
        }
    }
}
