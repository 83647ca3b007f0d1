//! The processes of a stack by their names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProcessName {
    /// MySQL or MariaDB.
    #[serde(rename = "database")]
    Database,
    /// Redis.
    #[serde(rename = "redis")]
    Redis,
    /// Prometheus.
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
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Database, Self::Redis, Self::Prometheus, Self::Nginx, Self::Serve1, Self::Serve2];

    /// The instances of the store.
    pub const INSTANCES: [Self; 2] = [Self::Serve1, Self::Serve2];

    /// What the instances stand on.
    pub(super) const SERVICES: [Self; 4] = [Self::Nginx, Self::Prometheus, Self::Redis, Self::Database];

    /// The name as it is written.
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

    /// Whether it is an instance of the store.
    pub fn is_instance(self) -> bool {
        Self::INSTANCES.contains(&self)
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
