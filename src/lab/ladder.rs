//! The rungs as data: each is one change from the one before.
//!
//! A new rung is a setting with one line that differs, and an entry in [`LADDER`]; everything else follows from it.

use std::ffi::OsString;

/// One experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Its place on the ladder, from 1.
    pub number: u8,
    /// What it is called.
    pub name: &'static str,
    /// What is different from the rung before.
    pub change: &'static str,
    /// What its figures answer.
    pub question: &'static str,
    /// How the store is set up.
    pub setup: Setup,
}

/// How the store is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// `--db-connections`.
    pub connections: &'static str,
    /// `--order-writer`.
    pub writer: &'static str,
    /// `--report-source`.
    pub reports: &'static str,
    /// `--report-cache`.
    pub cache: &'static str,
    /// One instance that is asked itself, or two behind nginx.
    pub two_instances: bool,
}

const BASELINE: Setup =
    Setup { connections: "per-request", writer: "per-item", reports: "scan", cache: "off", two_instances: false };
const ONE_QUERY: Setup = Setup { writer: "batched", ..BASELINE };
const REPORT_CACHE: Setup = Setup { cache: "redis", ..ONE_QUERY };
const TWO_INSTANCES: Setup = Setup { two_instances: true, ..REPORT_CACHE };
const BOUNDED: Setup = Setup { connections: "pool", ..TWO_INSTANCES };
const READ_MODELS: Setup = Setup { reports: "read-model", ..BOUNDED };
const GROUP_COMMIT: Setup = Setup { writer: "group-commit", ..READ_MODELS };

/// All rungs, the lowest first.
pub const LADDER: [Rung; 7] = [
    Rung {
        number: 1,
        name: "baseline",
        change: "a connection per request, a query per article, reports from all orders, no cache, one instance",
        question: "From how many users does it fail, where, and with what message?",
        setup: BASELINE,
    },
    Rung {
        number: 2,
        name: "one query per order",
        change: "all articles of an order in one query",
        question: "Why do writes not get better?",
        setup: ONE_QUERY,
    },
    Rung {
        number: 3,
        name: "report cache",
        change: "reports cached in Redis",
        question: "What does a cache cure, and what not?",
        setup: REPORT_CACHE,
    },
    Rung {
        number: 4,
        name: "two instances",
        change: "two instances behind nginx (least_conn)",
        question: "What does balancing add?",
        setup: TWO_INSTANCES,
    },
    Rung {
        number: 5,
        name: "bounded connections",
        change: "a pool of connections instead of one per request",
        question: "Where do the 1040s go?",
        setup: BOUNDED,
    },
    Rung {
        number: 6,
        name: "read models",
        change: "reports read the totals that every order keeps up to date",
        question: "What if the cache is cold and the history long?",
        setup: READ_MODELS,
    },
    Rung {
        number: 7,
        name: "group commit",
        change: "many orders in one transaction",
        question: "What is the write limit?",
        setup: GROUP_COMMIT,
    },
];

impl Rung {
    /// The rung with this number.
    pub fn find(number: u8) -> Option<&'static Self> {
        LADDER.iter().find(|rung| rung.number == number)
    }
}

impl Setup {
    /// The options of `serve`.
    pub fn options(&self) -> Vec<OsString> {
        let options = [
            ("--db-connections", self.connections),
            ("--order-writer", self.writer),
            ("--report-source", self.reports),
            ("--report-cache", self.cache),
        ];
        options.iter().flat_map(|(option, value)| [OsString::from(option), OsString::from(value)]).collect()
    }

    /// The same in a line, for people.
    pub fn line(&self) -> String {
        let options = self.options();
        let words: Vec<_> = options.iter().map(|word| word.to_string_lossy()).collect();
        let instances = if self.two_instances { "two instances behind nginx" } else { "one instance" };
        format!("{} ({instances})", words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_is_one_change_from_the_one_before() {
        for pair in LADDER.windows(2) {
            let [a, b] = [pair[0].setup, pair[1].setup];
            let changes = [
                a.connections != b.connections,
                a.writer != b.writer,
                a.reports != b.reports,
                a.cache != b.cache,
                a.two_instances != b.two_instances,
            ];
            assert_eq!(changes.iter().filter(|changed| **changed).count(), 1, "rung {}", pair[1].number);
            assert_eq!(pair[1].number, pair[0].number + 1);
        }
    }
}
