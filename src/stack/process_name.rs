//! The names of a stack's processes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process of a stack. Its name is used in messages, in the state file and for its folder and log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProcessName {
    /// MySQL or MariaDB, whichever is configured or installed.
    #[serde(rename = "database")]
    Database,
    /// Redis, which caches the reports.
    #[serde(rename = "redis")]
    Redis,
    /// Prometheus, which scrapes the instances.
    #[serde(rename = "prometheus")]
    Prometheus,
    /// nginx, in front of the instances.
    #[serde(rename = "nginx")]
    Nginx,
    /// The first instance of the store.
    #[serde(rename = "serve-1")]
    Serve1,
    /// The second instance of the store.
    #[serde(rename = "serve-2")]
    Serve2,
}

impl ProcessName {
    /// All processes, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Database, Self::Redis, Self::Prometheus, Self::Nginx, Self::Serve1, Self::Serve2];

    /// The processes that run `storemgr serve`.
    pub const INSTANCES: [Self; 2] = [Self::Serve1, Self::Serve2];

    /// All other processes, which are stopped after the instances.
    pub(super) const SERVICES: [Self; 4] = [Self::Nginx, Self::Prometheus, Self::Redis, Self::Database];

    /// The name in files and messages, such as `serve-1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
            Self::Nginx => "nginx",
            Self::Serve1 => "serve-1",
            Self::Serve2 => "serve-2",
        }
    }

    /// Whether the process is an instance of the store.
    pub fn is_instance(self) -> bool {
        Self::INSTANCES.contains(&self)
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
