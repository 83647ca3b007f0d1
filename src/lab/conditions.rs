//! What a lab is asked to do: everything that its figures depend on, and that stays the same when it is resumed.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ladder::{LADDER, Rung};

/// The conditions of an experiment. They lie beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// The rungs to measure, by number, rising.
    pub rungs: Vec<u8>,
    /// Other services to measure with the same load test.
    pub others: Vec<Other>,
    /// How often each is measured. Rounds: every one once, then every one again, so that what changes on the machine
    /// meanwhile meets all of them.
    pub repeat: u32,
    /// Users at the same time.
    pub users: u32,
    /// Seconds that the load test lasts.
    pub run_time_s: u64,
    /// Seconds that orders come as fast as they are answered, after the load test; 0 for not at all.
    pub burst_s: u64,
    /// Whether the number of users that are served correctly is searched as well.
    pub find_limit: bool,
    /// Products in the store.
    pub products: u64,
    /// Users in the store.
    pub customers: u64,
    /// Orders that are in the store before the first one is placed.
    pub history_orders: u64,
    /// Where random numbers start.
    pub seed: u64,
    /// The database server; nothing for the one that is installed.
    pub mysqld: Option<PathBuf>,
}

/// Another service with the store's routes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// What it is called in the tables.
    pub label: String,
    /// Where it answers.
    pub url: String,
}

impl Default for Conditions {
    /// The original's experiment: 150 users, 10,000 products. A history of 100,000 orders is what a small store has after
    /// a year, and long enough for a scan to be seen.
    fn default() -> Self {
        Self {
            rungs: LADDER.iter().map(|rung| rung.number).collect(),
            others: Vec::new(),
            repeat: 1,
            users: 150,
            run_time_s: 60,
            burst_s: 10,
            find_limit: false,
            products: 10_000,
            customers: 1_000,
            history_orders: 100_000,
            seed: 1,
            mysqld: None,
        }
    }
}

/// Who is measured.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// The store, set up as a rung says.
    Rung(&'static Rung),
    /// Another service.
    Other(Other),
}

impl Conditions {
    /// Everybody who is measured: other services first, since they run already and may be what the rungs are held
    /// against.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        let others = self.others.iter().cloned().map(Subject::Other);
        others.chain(self.rungs.iter().filter_map(|number| Rung::find(*number)).map(Subject::Rung)).collect()
    }

    /// How long the load test lasts.
    pub(super) fn run_time(&self) -> Duration {
        Duration::from_secs(self.run_time_s)
    }
}

impl Subject {
    /// What its files are called.
    pub(super) fn file_name(&self) -> String {
        match self {
            Self::Rung(rung) => format!("rung-{}", rung.number),
            Self::Other(other) => {
                let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
                format!("other-{}", other.label.chars().map(plain).collect::<String>())
            }
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Rung(rung) => rung.name,
            Self::Other(other) => &other.label,
        }
    }
}
