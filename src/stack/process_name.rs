//! The names of a stack's processes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process of a stack. Its name is used in messages, in the state file and for its folder and log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ProcessName {
    /// MySQL or MariaDB, whichever is configured or installed.
    Database,
    /// Redis, which caches the reports.
    Redis,
    /// Prometheus, which scrapes the instances.
    Prometheus,
    /// nginx, in front of the instances.
    Nginx,
    /// A further member of the database's group, numbered from 2.
    Member(u8),
    /// The replica of Redis, where there is a group.
    RedisReplica,
    /// Sentinel, which makes the replica the master when the other Redis is gone.
    Sentinel,
    /// An instance of the store, numbered from 1.
    Serve(u8),
}

impl ProcessName {
    /// The most instances of a stack. They share one machine with everything else, so that more of them only wait for
    /// each other.
    pub const MOST_INSTANCES: u8 = 8;

    /// The members of a group: a majority is left when one of them fails.
    pub const GROUP: u8 = 3;

    /// The processes that are not instances, in the order in which they are shown. They are stopped after the instances.
    pub const SERVICES: [Self; 4] = [Self::Database, Self::Redis, Self::Prometheus, Self::Nginx];

    /// The processes that run `storemgr serve` on a stack with this many instances.
    pub fn instances(count: u8) -> impl Iterator<Item = Self> + Clone {
        (1..=count).map(Self::Serve)
    }

    /// All processes of a stack with this many instances, in the order in which they are shown.
    pub fn all(instances: u8) -> impl Iterator<Item = Self> + Clone {
        Self::SERVICES.into_iter().chain(Self::instances(instances))
    }

    /// What a stack with so many database servers runs besides; nothing if it is one.
    pub fn replicated(replicas: u8) -> impl Iterator<Item = Self> + Clone {
        let others = [Self::RedisReplica, Self::Sentinel].into_iter().filter(move |_| replicas > 1);
        (2..=replicas).map(Self::Member).chain(others)
    }

    /// The database servers of a stack that has so many.
    pub fn databases(replicas: u8) -> impl Iterator<Item = Self> + Clone {
        std::iter::once(Self::Database).chain((2..=replicas).map(Self::Member))
    }

    /// Whether the process is an instance of the store.
    pub const fn is_instance(self) -> bool {
        matches!(self, Self::Serve(_))
    }

    /// Whether the process is a database server.
    pub const fn is_database(self) -> bool {
        matches!(self, Self::Database | Self::Member(_))
    }

    /// Reads a name in files and messages, such as `serve-1`.
    fn parse(name: &str) -> Option<Self> {
        let mut known = Self::all(Self::MOST_INSTANCES).chain(Self::replicated(Self::GROUP));
        known.find(|process| process.to_string() == name)
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Database => "database",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
            Self::Nginx => "nginx",
            Self::RedisReplica => "redis-2",
            Self::Sentinel => "sentinel",
            Self::Member(number) => return formatter.pad(&format!("database-{number}")),
            Self::Serve(number) => return formatter.pad(&format!("serve-{number}")),
        })
    }
}

impl From<ProcessName> for String {
    fn from(name: ProcessName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for ProcessName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("{name} is no process of a stack"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read_as_files_have_them() {
        let names: Vec<_> = ProcessName::all(3).map(|name| name.to_string()).collect();
        assert_eq!(names, ["database", "redis", "prometheus", "nginx", "serve-1", "serve-2", "serve-3"]);
        for name in ProcessName::all(ProcessName::MOST_INSTANCES).chain(ProcessName::replicated(3)) {
            let text = serde_json::to_string(&name).unwrap();
            assert_eq!(text, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<ProcessName>(&text).unwrap(), name);
        }
        for unknown in ["\"serve-0\"", "\"serve-99\"", "\"serve\"", "7"] {
            assert!(serde_json::from_str::<ProcessName>(unknown).is_err(), "{unknown}");
        }
    }
}
