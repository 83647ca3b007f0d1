//! The machine on which a run was made, for readers who compare its figures with others.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine and the version of the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// The version of storemgr.
    pub storemgr: String,
    /// The name and release of the operating system.
    pub os: String,
    /// The name of the processor.
    pub cpu: String,
    /// The number of cores that this process may use.
    pub cores: usize,
    /// The memory of the machine in bytes; null where it is not known.
    pub memory_bytes: Option<u64>,
}

impl Environment {
    /// Reads the environment of this process; parts that cannot be read are replaced by what is known.
    pub fn of_this_machine() -> Self {
        let name = rustix::system::uname();
        let field = |file: &str, key: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kibibytes = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Self {
            storemgr: env!("CARGO_PKG_VERSION").to_owned(),
            os: format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy()),
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| name.machine().to_string_lossy().into_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kibibytes.map(|kibibytes| kibibytes * 1024),
        }
    }
}
