//! `lab`: the ladder of experiments, one change at a time, with the same load test on every rung.
//!
//! For each rung the shipped program is started on a private stack, the store filled anew, one request of each kind asked
//! alone, the load test run, orders sent as fast as they are answered; and what Prometheus and the database saw meanwhile
//! is set beside what users felt. A rung that breaks is a result and not an error.
//!
//! Promises: nothing that was measured is lost or written over; a lab that is interrupted leaves nothing running and can
//! be resumed; and every sentence about a rung is computed from its figures ([`Account`]).

mod account;
mod burst;
mod conditions;
mod error;
mod folder;
mod ladder;
mod measurement;
mod run;
mod rung_runner;
mod silent_progress;
mod stop;
mod unloaded;
mod watcher;

use std::path::PathBuf;

pub use account::{Account, SubjectAccount, SubjectState};
pub use conditions::{LabConditions, OtherService};
pub use error::LabError;
pub use folder::ResultFolder;
pub use ladder::{LADDER, Rung, Setup};
pub use measurement::{Burst, ConnectionPoint, DatabaseSide, Measurement, ServerSide, UnloadedRequests, UserLimit};
pub use run::{Finished, run};

/// What a lab needs besides its conditions.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to measure, and how.
    pub conditions: LabConditions,
    /// Where results lie.
    pub folder: ResultFolder,
    /// The folder of the lab's own stack, apart from any other.
    pub home: PathBuf,
    /// The program that is started as `serve`: this one, as a rule.
    pub serve_program: PathBuf,
    /// Whether load tests are shown on standard error while they last.
    pub show: bool,
}

/// What happens while a lab works, for whoever wants to show it.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A subject's turn has come.
    Begun {
        /// What it is called.
        name: &'a str,
        /// The rung, if it is one.
        rung: Option<&'static Rung>,
        /// Which turn this is, from 1, and how many there are.
        turn: (usize, usize),
    },
    /// What is done now.
    Step(&'a str),
    /// It was measured before the lab was resumed.
    Kept(&'a str),
    /// The turn is over; this is its account so far.
    Measured {
        /// The account of all.
        account: &'a Account,
        /// Whose turn it was: its place in the account.
        place: usize,
    },
}

/// Who is told of events.
pub type Observer<'a> = &'a (dyn Fn(Event<'_>) + Sync);
