//! What a lab is asked to do: everything that its figures depend on, and that stays the same when it is resumed.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::ladder::{LADDER, Rung};
use crate::net::Target;

/// The conditions of an experiment. They lie beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabConditions {
    /// The rungs to measure, by number, rising.
    pub rungs: Vec<u8>,
    /// OtherService services to measure with the same load test.
    pub others: Vec<OtherService>,
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
pub struct OtherService {
    /// What it is called in the tables.
    pub label: String,
    /// Where it answers.
    pub url: String,
}

impl Default for LabConditions {
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
    OtherService(OtherService),
}

impl LabConditions {
    /// Everybody who is measured: other services first, since they run already and may be what the rungs are held
    /// against.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        let others = self.others.iter().cloned().map(Subject::OtherService);
        others.chain(self.rungs.iter().filter_map(|number| Rung::find(*number)).map(Subject::Rung)).collect()
    }

    /// Measures another service as well.
    pub fn add(&mut self, other: OtherService) -> Result<(), LabError> {
        Target::parse(&other.url)?;
        if self.others.contains(&other) {
            return Ok(());
        }
        let name = Subject::OtherService(other.clone()).file_name();
        if let Some(like) = self.others.iter().find(|like| Subject::OtherService((*like).clone()).file_name() == name) {
            return Err(LabError::SameLabel { label: other.label, url: like.url.clone() });
        }
        self.others.push(other);
        Ok(())
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
            Self::OtherService(other) => {
                let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
                format!("other-{}", other.label.chars().map(plain).collect::<String>())
            }
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Rung(rung) => rung.name,
            Self::OtherService(other) => &other.label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_whose_files_would_be_the_same_are_not_both_measured() {
        let other = |label: &str, url: &str| OtherService { label: label.to_owned(), url: url.to_owned() };
        let mut conditions = LabConditions::default();
        conditions.add(other("a b", "http://127.0.0.1:1")).unwrap();
        conditions.add(other("a b", "http://127.0.0.1:1")).unwrap();
        for like in [other("a b", "http://127.0.0.1:2"), other("a-b", "http://127.0.0.1:1")] {
            assert!(matches!(conditions.add(like), Err(LabError::SameLabel { .. })));
        }
        assert!(matches!(conditions.add(other("c", "https://shop")), Err(LabError::Target(_))));
        assert_eq!(conditions.others.len(), 1);
    }
}
