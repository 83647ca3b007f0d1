//! The conditions of a lab: everything on which its figures depend. They stay the same when the lab is resumed.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::ladder::{LADDER, Rung};
use crate::net::{Target, TlsOptions, Way};
use crate::say;
use crate::stack::{Balance, StackError, check_group};
use crate::units::Language;

/// The conditions of a lab. They are stored with its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabConditions {
    /// The numbers of the rungs to measure, ascending.
    pub rungs: Vec<u8>,
    /// Other services to measure with the same load test.
    pub others: Vec<OtherService>,
    /// The number of rounds. Each round measures every subject once, so that changes on the machine affect all of them.
    pub repeat: u32,
    /// Simultaneous users of the load test.
    pub users: u32,
    /// The length of the load test, in seconds.
    pub run_time_s: u64,
    /// The length of the burst of orders after the load test, in seconds; 0 for none.
    pub burst_s: u64,
    /// Whether to search how many users each subject serves correctly.
    pub find_limit: bool,
    /// The numbers of the rungs for which it is searched even if not for all, and so for other services; empty for none.
    #[serde(default)]
    pub limit_rungs: Vec<u8>,
    /// The most users that are tried in a search; `None` for 20,000.
    #[serde(default)]
    pub limit_most: Option<u32>,
    /// The numbers of articles of the orders that are sent alone with each writer; empty for none.
    #[serde(default)]
    pub order_lines: Vec<u64>,
    /// The balancing policies to compare on instances whose processor is the limit; empty for none.
    #[serde(default)]
    pub balance: Vec<Balance>,
    /// The number of products in the store.
    pub products: u64,
    /// The number of users in the store.
    pub customers: u64,
    /// The number of orders in the store before the load.
    pub history_orders: u64,
    /// The seed of all random choices.
    pub seed: u64,
    /// The database server; `None` for the one that is installed.
    pub mysqld: Option<PathBuf>,
    /// Whether the rungs that need a group of servers were left out of all, because there can be none of this server.
    #[serde(default)]
    pub without_group: bool,
}

/// Another service that has the store's routes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherService {
    /// The name in the tables.
    pub label: String,
    /// The URL at which it answers.
    pub url: String,
    /// A file of authorities in PEM that are trusted for `https://` instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

impl OtherService {
    /// The way to it.
    pub(super) fn way(&self) -> Way {
        let tls = TlsOptions { authorities: self.ca.clone(), ..TlsOptions::default() };
        Way { tls, ..Way::default() }
    }
}

impl Default for LabConditions {
    /// The experiment of the original store's author: 150 users, 10,000 products. 100,000 orders are the history of a small
    /// store after a year, and enough for a scan to show.
    fn default() -> Self {
        Self {
            rungs: LADDER.iter().map(|rung| rung.number).collect(),
            others: Vec::new(),
            repeat: 1,
            users: 150,
            run_time_s: 60,
            burst_s: 10,
            find_limit: false,
            limit_rungs: Vec::new(),
            limit_most: None,
            order_lines: Vec::new(),
            balance: Vec::new(),
            products: 10_000,
            customers: 1_000,
            history_orders: 100_000,
            seed: 1,
            mysqld: None,
            without_group: false,
        }
    }
}

/// The time within which all users of a load test start, in seconds.
pub(in crate::lab) const SPAWN_SECONDS: f64 = 5.0;

/// The least length of a load test that compares balancing policies.
const LEAST_BALANCE: Duration = Duration::from_secs(5);

/// What a lab measures.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// The store with the setup of a rung.
    Rung(&'static Rung),
    /// Another service, which is already running.
    OtherService(OtherService),
}

impl LabConditions {
    /// All subjects, other services first, because the rungs may be compared with them.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        let others = self.others.iter().cloned().map(Subject::OtherService);
        others.chain(self.rungs.iter().filter_map(|number| Rung::find(*number)).map(Subject::Rung)).collect()
    }

    /// Whether the number of users that this subject serves correctly is searched.
    pub(super) fn searches(&self, subject: &Subject) -> bool {
        self.find_limit
            || match subject {
                Subject::Rung(rung) => self.limit_rungs.contains(&rung.number),
                Subject::OtherService(_) => !self.limit_rungs.is_empty(),
            }
    }

    /// How many subjects are searched.
    pub fn searched(&self) -> usize {
        self.subjects().iter().filter(|subject| self.searches(subject)).count()
    }

    /// Leaves out the rungs that need a group of servers if there can be none of the database server.
    pub fn leave_out_groups(&mut self) -> Result<(), LabError> {
        match self.check_groups(&self.rungs) {
            Err(LabError::NoGroup { .. }) => {
                self.rungs.retain(|number| !needs_group(*number));
                self.without_group = true;
                Ok(())
            }
            checked => checked,
        }
    }

    /// Refuses a rung among these that needs a group of servers, if there can be none of the database server.
    pub fn check_groups(&self, rungs: &[u8]) -> Result<(), LabError> {
        let Some(rung) = rungs.iter().copied().find(|number| needs_group(*number)) else { return Ok(()) };
        check_group(self.mysqld.as_deref()).map_err(|error| match error {
            error @ StackError::NoGroup { .. } => LabError::NoGroup { rung, reason: error },
            error => error.into(),
        })
    }

    /// A sentence on the rungs that were left out, if any.
    pub fn left_out(&self, language: Language) -> Option<String> {
        let mut left_out = LADDER.iter().filter(|rung| self.without_group && rung.setup.is_group());
        let rung = left_out.next().filter(|rung| !self.rungs.contains(&rung.number))?;
        Some(say!(
            language,
            "Rung {number} is left out: it needs a group of database servers, which MySQL 8.4 or newer can form and MariaDB \
             cannot. Name a server with --mysqld /path/to/mysqld.",
            number = rung.number
        ))
    }

    /// Adds another service. It is an error if its URL is not valid or its file name is already used.
    pub fn add(&mut self, other: OtherService) -> Result<(), LabError> {
        Target::parse(&other.url)?;
        let is_same = |known: &&mut OtherService| (&known.label, &known.url) == (&other.label, &other.url);
        if let Some(known) = self.others.iter_mut().find(is_same) {
            // The first attempt may have failed for want of it.
            known.ca = other.ca.or(known.ca.take());
            return Ok(());
        }
        let name = Subject::OtherService(other.clone()).file_name();
        if let Some(like) = self.others.iter().find(|like| Subject::OtherService((*like).clone()).file_name() == name) {
            return Err(LabError::SameLabel { label: other.label, url: like.url.clone() });
        }
        self.others.push(other);
        Ok(())
    }

    /// The length of a load test that compares balancing policies: a third of the others, because every user sends all the
    /// time, but at least long enough for Prometheus to see it.
    pub(super) fn balance_run_time(&self) -> Duration {
        (self.run_time() / 3).max(LEAST_BALANCE)
    }

    /// Whether anything is to be measured.
    pub(super) fn measures_nothing(&self) -> bool {
        self.subjects().is_empty() && self.order_lines.is_empty() && self.balance.is_empty()
    }

    /// The length of the load test.
    pub(super) fn run_time(&self) -> Duration {
        Duration::from_secs(self.run_time_s)
    }
}

/// Whether the rung with this number needs a group of servers.
fn needs_group(number: u8) -> bool {
    Rung::find(number).is_some_and(|rung| rung.setup.is_group())
}

impl Subject {
    /// The beginning of its files' names, such as `rung-3`.
    pub(super) fn file_name(&self) -> String {
        match self {
            Self::Rung(rung) => format!("rung-{}", rung.number),
            Self::OtherService(other) => {
                let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
                format!("other-{}", other.label.chars().map(plain).collect::<String>())
            }
        }
    }

    /// The name of the rung or the label of the service.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Rung(rung) => rung.name,
            Self::OtherService(other) => &other.label,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    #[test]
    fn services_whose_files_would_be_the_same_are_not_both_measured() {
        let other = |label: &str, url: &str| OtherService { label: label.to_owned(), url: url.to_owned(), ca: None };
        let mut conditions = LabConditions::default();
        conditions.add(other("a b", "http://127.0.0.1:1")).unwrap();
        conditions.add(other("a b", "http://127.0.0.1:1")).unwrap();
        for like in [other("a b", "http://127.0.0.1:2"), other("a-b", "http://127.0.0.1:1")] {
            assert!(matches!(conditions.add(like), Err(LabError::SameLabel { .. })));
        }
        assert!(matches!(conditions.add(other("c", "ftp://shop")), Err(LabError::Target(_))));
        assert_eq!(conditions.others.len(), 1);
    }

    /// A program that says that it is this server.
    fn server(folder: &Path, version: &str) -> PathBuf {
        let path = folder.join("mysqld");
        std::fs::write(&path, format!("#!/bin/sh\necho 'mysqld  Ver {version} for Linux on x86_64'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[test]
    fn a_rung_that_needs_a_group_is_left_out_or_refused_where_there_can_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let with = |version| {
            let mysqld = Some(server(folder.path(), version));
            LabConditions { mysqld, ..LabConditions::default() }
        };
        let mut mariadb = with("10.11.6-MariaDB");
        let refused = mariadb.check_groups(&[7, 8]).unwrap_err();
        let told = refused.to_string();
        assert!(refused.is_usage() && told.starts_with("rung 8 needs a group") && told.contains("MariaDB"), "{told}");
        mariadb.check_groups(&[1, 7]).unwrap();
        mariadb.leave_out_groups().unwrap();
        assert_eq!(mariadb.rungs, [1, 2, 3, 4, 5, 6, 7]);
        assert!(mariadb.left_out(Language::English).unwrap().starts_with("Rung 8 is left out"));
        let mut mysql = with("9.7.1");
        mysql.leave_out_groups().unwrap();
        assert_eq!((mysql.rungs.last(), mysql.left_out(Language::English)), (Some(&8), None));
        let mut none = LabConditions { mysqld: Some("/no/such/mysqld".into()), ..LabConditions::default() };
        assert!(matches!(none.leave_out_groups(), Err(LabError::Stack(StackError::NoProgram { .. }))));
    }

    #[test]
    fn conditions_of_an_earlier_version_are_read() {
        let mut earlier = serde_json::to_value(LabConditions::default()).unwrap();
        earlier.as_object_mut().unwrap().remove("without_group");
        assert_eq!(serde_json::from_value::<LabConditions>(earlier).unwrap(), LabConditions::default());
    }

    #[test]
    fn a_search_is_made_for_all_or_for_some_and_other_services() {
        let mut conditions = LabConditions { rungs: vec![1, 5], ..LabConditions::default() };
        let mine = OtherService { label: "mine".to_owned(), url: "http://127.0.0.1:1".to_owned(), ca: None };
        conditions.add(mine).unwrap();
        let searched = |conditions: &LabConditions| {
            conditions.subjects().iter().map(|subject| conditions.searches(subject)).collect::<Vec<_>>()
        };
        assert_eq!((searched(&conditions), conditions.searched()), (vec![false; 3], 0));
        conditions.limit_rungs = vec![1];
        assert_eq!((searched(&conditions), conditions.searched()), (vec![true, true, false], 2));
        conditions.find_limit = true;
        assert_eq!(conditions.searched(), 3);
    }
}
