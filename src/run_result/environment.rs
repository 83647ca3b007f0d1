//! Where a run was made: what somebody needs to know who compares its figures with others.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine and the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// The version of this program.
    pub storemgr: String,
    /// The operating system's name and release.
    pub os: String,
    /// The processor's name.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory of the machine, bytes; nothing where it cannot be known.
    pub memory_bytes: Option<u64>,
}

impl Environment {
    /// The machine that this process runs on, as far as it tells.
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
