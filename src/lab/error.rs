//! Why a lab cannot go on at all, in sentences that say what to do. A rung that breaks is a result and no error.

use std::io;
use std::path::{Path, PathBuf};

use crate::loadtest::ScenarioError;
use crate::net::InvalidTarget;
use crate::seed::InvalidPlan;
use crate::stack::StackError;

/// Why a lab cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The folder for results holds something.
    #[error("{} is not empty: choose another folder, or go on with the lab in it by --resume {}", .path.display(), .path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no lab to resume.
    #[error("{} is no folder of a lab: it has no conditions.json", .path.display())]
    NoLab {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the results cannot be read or written.
    #[error("{} cannot be {verb}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written` or the like.
        verb: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Another lab works in this directory.
    #[error("another lab is running in this directory: wait for it, or work in another directory")]
    Busy,
    /// Two other services would share their files.
    #[error("{label:?} is too like the label of {url}, which this lab measures already: choose another --label")]
    SameLabel {
        /// The label that was given.
        label: String,
        /// Where the service is that has the files.
        url: String,
    },
    /// A lab that is resumed would compare two databases.
    #[error("this lab was begun with {}, and compares one database: leave --mysqld out, or begin another lab", program(.begun.as_deref()))]
    OtherDatabase {
        /// The database server it was begun with, if it was named.
        begun: Option<PathBuf>,
    },
    /// There is nothing to measure.
    #[error("there is nothing to measure: name a rung or another store")]
    Nothing,
    /// The store cannot be filled like that.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    /// Another store has no address.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// A scenario cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The private stack cannot be started or stopped.
    #[error(transparent)]
    Stack(#[from] StackError),
}

impl LabError {
    /// Whether the command line or the machine must change first.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotEmpty { .. }
            | Self::NoLab { .. }
            | Self::SameLabel { .. }
            | Self::OtherDatabase { .. }
            | Self::Nothing
            | Self::Plan(_)
            | Self::Target(_) => true,
            Self::Stack(error) => error.is_usage(),
            Self::File { .. } | Self::Busy | Self::Scenario(_) => false,
        }
    }

    /// For `map_err` on what is done with a file.
    pub(super) fn file(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, verb, source }
    }
}

fn program(path: Option<&Path>) -> String {
    path.map_or_else(|| "the database that is installed".to_owned(), |path| path.display().to_string())
}
