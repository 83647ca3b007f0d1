//! The rungs as data. Each differs from the one before in one setting.
//!
//! To add a rung, add a [`Setup`] that differs in one field, an entry in [`LADDER`], and its texts in the catalogue of each
//! language; everything else is derived from it.

use std::ffi::OsString;

use crate::stack::ProcessName;
use crate::text;
use crate::units::Language;

/// One experiment of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The place on the ladder, from 1.
    pub number: u8,
    /// The name in tables and headings, in English as the other texts.
    pub name: &'static str,
    /// The difference to the rung before.
    pub change: &'static str,
    /// The question that its figures answer.
    pub question: &'static str,
    /// The options of the store, its number of instances and that of its database servers.
    pub setup: Setup,
}

/// The options of the store, its number of instances and that of its database servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The value of `--db-connections`.
    pub connections: &'static str,
    /// The value of `--order-writer`.
    pub writer: &'static str,
    /// The value of `--report-source`.
    pub reports: &'static str,
    /// The value of `--report-cache`.
    pub cache: &'static str,
    /// Whether there are two instances behind nginx, or one without nginx.
    pub two_instances: bool,
    /// The number of database servers: one, or a group, whose primary is killed in the middle of the load.
    pub servers: u8,
}

/// The setup of the last rung with one database server, with another writer of orders.
pub(super) const fn cured(writer: &'static str) -> Setup {
    Setup { writer, ..GROUP_COMMIT }
}

/// The writers of orders, in the order of the ladder.
pub(super) const WRITERS: [&str; 3] = [BASELINE.writer, ONE_QUERY.writer, GROUP_COMMIT.writer];

/// For how many seconds a request leaves its connection open with `--db-connections per-request`: the default of
/// `--db-connection-linger`, which no rung changes.
pub(in crate::lab) const LINGER_SECONDS: f64 = 30.0;

/// The value of `--db-connections` with which requests leave their connections open.
pub(in crate::lab) const PER_REQUEST: &str = "per-request";

const BASELINE: Setup = Setup {
    connections: PER_REQUEST,
    writer: "per-item",
    reports: "scan",
    cache: "off",
    two_instances: false,
    servers: 1,
};
const ONE_QUERY: Setup = Setup { writer: "batched", ..BASELINE };
const REPORT_CACHE: Setup = Setup { cache: "redis", ..ONE_QUERY };
const TWO_INSTANCES: Setup = Setup { two_instances: true, ..REPORT_CACHE };
const BOUNDED: Setup = Setup { connections: "pool", ..TWO_INSTANCES };
const READ_MODELS: Setup = Setup { reports: "read-model", ..BOUNDED };
const GROUP_COMMIT: Setup = Setup { writer: "group-commit", ..READ_MODELS };
const THREE_SERVERS: Setup = Setup { servers: ProcessName::GROUP, ..GROUP_COMMIT };

/// All rungs, in ascending order.
pub const LADDER: [Rung; 8] = [
    Rung {
        number: 1,
        name: text!("baseline"),
        change: text!("a connection per request, a query per article, reports from all orders, no cache, one instance"),
        question: text!("From how many users does it fail, where, and with what message?"),
        setup: BASELINE,
    },
    Rung {
        number: 2,
        name: text!("one query per order"),
        change: text!("all articles of an order in one query"),
        question: text!("Why do writes not get better?"),
        setup: ONE_QUERY,
    },
    Rung {
        number: 3,
        name: text!("report cache"),
        change: text!("reports cached in Redis"),
        question: text!("What does a cache cure, and what not?"),
        setup: REPORT_CACHE,
    },
    Rung {
        number: 4,
        name: text!("two instances"),
        change: text!("two instances behind nginx (least_conn)"),
        question: text!("What does balancing add?"),
        setup: TWO_INSTANCES,
    },
    Rung {
        number: 5,
        name: text!("bounded connections"),
        change: text!("a pool of connections instead of one per request"),
        question: text!("Where do the 1040s go?"),
        setup: BOUNDED,
    },
    Rung {
        number: 6,
        name: text!("read models"),
        change: text!("reports read the totals that every order keeps up to date"),
        question: text!("What if the cache is cold and the history long?"),
        setup: READ_MODELS,
    },
    Rung {
        number: 7,
        name: text!("group commit"),
        change: text!("many orders in one transaction"),
        question: text!("What is the write limit?"),
        setup: GROUP_COMMIT,
    },
    Rung {
        number: 8,
        name: text!("three servers"),
        change: text!("a group of three database servers, whose primary is killed in the middle of the load"),
        question: text!("What does the loss of a server cost?"),
        setup: THREE_SERVERS,
    },
];

impl Rung {
    /// The rung with this number, if there is one.
    pub fn find(number: u8) -> Option<&'static Self> {
        LADDER.iter().find(|rung| rung.number == number)
    }
}

impl Setup {
    /// The options for `storemgr serve`.
    pub fn options(&self) -> Vec<OsString> {
        let options = [
            ("--db-connections", self.connections),
            ("--order-writer", self.writer),
            ("--report-source", self.reports),
            ("--report-cache", self.cache),
        ];
        options.iter().flat_map(|(option, value)| [OsString::from(option), OsString::from(value)]).collect()
    }

    /// Whether the database is a group of servers.
    pub fn is_group(&self) -> bool {
        self.servers > 1
    }

    /// The options, the number of instances and, if there are several, that of database servers in one line.
    pub fn line(&self, language: Language) -> String {
        let options = self.options();
        let words: Vec<_> = options.iter().map(|word| word.to_string_lossy()).collect();
        let (two, one) = (text!("two instances behind nginx"), text!("one instance"));
        let instances = language.text(if self.two_instances { two } else { one });
        let servers = if self.is_group() { language.text(text!(", three database servers")) } else { "" };
        format!("{} ({instances}{servers})", words.join(" "))
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
                a.servers != b.servers,
            ];
            assert_eq!(changes.iter().filter(|changed| **changed).count(), 1, "rung {}", pair[1].number);
            assert_eq!(pair[1].number, pair[0].number + 1);
        }
    }
}
