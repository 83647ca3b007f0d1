//! A folder in which commands start processes, and what is running in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The command in a folder, with nothing of our environment that configures it.
pub fn storemgr_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storemgr"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if ["DB_", "REDIS_", "PROMETHEUS_", "STOREMGR_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    if let Some(mysqld) = std::env::var_os("TEST_MYSQLD") {
        command.env("STOREMGR_MYSQLD", mysqld);
    }
    command
}

/// Sends a signal, to a process that may be gone.
pub fn kill(pid: u32, signal: &str) {
    Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
}

/// Every living process that works below a folder.
pub fn inhabitants(folder: &Path) -> Vec<u32> {
    let folder = folder.canonicalize().unwrap();
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let inside =
        |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory.starts_with(&folder));
    pids.filter(inside).collect()
}
