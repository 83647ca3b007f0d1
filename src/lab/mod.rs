//! `lab`: the ladder of experiments. Each rung changes one setting of the store and gets the same load test.
//!
//! For each rung, the lab starts the shipped program on a private stack, fills the store anew, sends one request of each
//! kind without other load, runs the load test and sends orders as fast as they are answered. It compares what users saw
//! with what Prometheus and the database saw. A rung that cannot be measured is a result and not an error.
//!
//! Promises: no measurement is lost or overwritten; an interrupted lab leaves nothing running and can be resumed; every
//! sentence about a rung is computed from its figures ([`Account`]).

mod account;
mod balancing;
mod burst;
mod conditions;
mod error;
mod experiment_results;
mod experiments;
mod failover;
mod failure;
mod folder;
mod ladder;
mod measurement;
mod order_lines;
mod run;
mod rung_runner;
mod silent_progress;
mod stop;
mod store;
mod unloaded;
mod watcher;

use std::path::PathBuf;
use std::sync::Arc;

use crate::loadtest::LivePage;
use crate::observe::Subject;
use crate::units::Language;

pub use account::{Account, ExperimentAccount, SubjectAccount, SubjectState};
pub use conditions::{LabConditions, OtherService};
pub use error::LabError;
pub use experiment_results::{BalancedInstance, BalancedRun, Balancing, OrderLines, OrderOfLines};
pub use folder::ResultFolder;
pub use ladder::{LADDER, Rung, Setup};
pub use measurement::{
    Burst, ConnectionPoint, DatabaseSide, Failover, Measurement, ServerSide, UnloadedRequests, UserLimit,
};
pub use order_lines::MOST_ORDER_LINES;
pub use run::{Finished, run};

/// Everything that a lab needs to run.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to measure, and with which load.
    pub conditions: LabConditions,
    /// The folder for the results.
    pub folder: ResultFolder,
    /// The folder of the lab's own stack, which is separate from any other.
    pub home: PathBuf,
    /// The program that is started as `serve`, usually this one.
    pub serve_program: PathBuf,
    /// Whether load tests show their progress on standard error.
    pub show: bool,
    /// The language of the account.
    pub language: Language,
    /// Shows the load tests in a browser, if asked for.
    pub page: Option<Arc<LivePage>>,
    /// What is watched of another service while it is measured; the lab's own stack is watched by itself.
    pub observe: Vec<Subject>,
}

/// What happens while a lab runs, so that a command can show it.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The measurement of a subject begins.
    Begun {
        /// The name of the subject.
        name: &'a str,
        /// The rung; `None` for another service.
        rung: Option<&'static Rung>,
        /// The number of this measurement, from 1, and the number of all.
        turn: (usize, usize),
    },
    /// The next step of the measurement, in a few words.
    Step(&'a str),
    /// The subject of this name was measured before the lab was resumed.
    Kept(&'a str),
    /// The measurement of an experiment beside the ladder begins.
    Experiment(&'a str),
    /// An experiment beside the ladder has been measured.
    Experimented(&'a ExperimentAccount),
    /// The measurement of a subject has ended, with or without a result.
    Measured {
        /// The results of the lab so far.
        account: &'a Account,
        /// The place of the subject in the account.
        place: usize,
    },
}

/// Receives the events, as they happen.
pub type Observer<'a> = &'a (dyn Fn(Event<'_>) + Sync);
