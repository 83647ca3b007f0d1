//! The errors that end a lab. A rung that cannot be measured is a result and not an error.

use std::io;
use std::path::{Path, PathBuf};

use crate::loadtest::ScenarioError;
use crate::net::InvalidTarget;
use crate::seed::InvalidPlan;
use crate::stack::StackError;

/// Why a lab cannot start or continue.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The folder for results is not empty.
    #[error("{} is not empty: choose another folder, or continue the lab in it with --resume {}", .path.display(), .path.display())]
    NotEmpty {
        /// The path of the folder.
        path: PathBuf,
    },
    /// The folder to resume does not contain a lab.
    #[error("{} is not the folder of a lab: it has no conditions.json", .path.display())]
    NoLab {
        /// The path of the folder.
        path: PathBuf,
    },
    /// A file of the results could not be used.
    #[error("{} cannot be {verb}", .path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What failed: `read`, `written` or another participle.
        verb: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another lab is running in this directory.
    #[error("another lab is running in this directory: wait for it, or work in another directory")]
    Busy,
    /// The files of two other services would have the same names.
    #[error("{label:?} is too similar to the label of {url}, which this lab already measures: choose another --label")]
    SameLabel {
        /// The new label.
        label: String,
        /// The URL of the service that already has these names.
        url: String,
    },
    /// A resumed lab would use another database than before.
    #[error("this lab was started with {} and must use the same database: leave out --mysqld, or start a new lab", program(.begun.as_deref()))]
    OtherDatabase {
        /// The database server with which it was started; `None` for the installed one.
        begun: Option<PathBuf>,
    },
    /// A rung needs a group of database servers, and there can be none of this server.
    #[error("rung {rung} needs a group of three database servers: {reason} /path/to/mysqld")]
    NoGroup {
        /// The number of the rung.
        rung: u8,
        /// Why there can be none, which ends with the option that names another one.
        reason: StackError,
    },
    /// The conditions name no subject.
    #[error("there is nothing to measure: name a rung or another service")]
    Nothing,
    /// The store cannot be filled with these counts.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    /// The URL of another service is not valid.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// The most users of a search were given, and no search is made.
    #[error(
        "--limit-most has no effect without --find-limit, which searches the number of users: add it, or leave --limit-most out"
    )]
    NothingSearched,
    /// A scenario is not valid.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The lab's stack could not be started or stopped.
    #[error(transparent)]
    Stack(#[from] StackError),
}

impl LabError {
    /// Whether the command line or the machine must change first, so that trying again cannot help.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotEmpty { .. }
            | Self::NoLab { .. }
            | Self::SameLabel { .. }
            | Self::OtherDatabase { .. }
            | Self::NoGroup { .. }
            | Self::NothingSearched
            | Self::Nothing
            | Self::Plan(_)
            | Self::Target(_) => true,
            Self::Stack(error) => error.is_usage(),
            Self::File { .. } | Self::Busy | Self::Scenario(_) => false,
        }
    }

    /// Makes the error of an operation on a file, for `map_err`. `verb` is a participle: `read`, `written`.
    pub(super) fn file(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, verb, source }
    }
}

fn program(path: Option<&Path>) -> String {
    path.map_or_else(|| "the installed database".to_owned(), |path| path.display().to_string())
}
