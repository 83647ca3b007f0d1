//! Processor time and memory of processes, out of /proc.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// A process on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// The kernel counts processor time in hundredths of a second (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// Processor time used since its start, by all its threads; nothing if it is gone.
    pub(crate) fn cpu(self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name in brackets may hold anything; the numbers begin behind it.
        let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = numbers.get(11)?.parse::<u32>().ok()? + numbers.get(12)?.parse::<u32>().ok()?;
        Some(TICK * ticks)
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    }
}

/// The process that listens on a TCP port.
pub(crate) fn listening_on(port: u16) -> Option<Process> {
    let listening = |table: &str| {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        let inode = |line: &str| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let ours = columns.get(1)?.ends_with(&format!(":{port:04X}")) && *columns.get(3)? == "0A";
            ours.then(|| columns.get(9).map(|inode| format!("socket:[{inode}]"))).flatten()
        };
        text.lines().filter_map(inode).collect::<Vec<_>>()
    };
    let sockets: HashSet<String> = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().flat_map(listening).collect();
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let mut processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    processes.find(|pid| holds(Path::new(&format!("/proc/{pid}/fd")), &sockets)).map(Process)
}

fn holds(handles: &Path, sockets: &HashSet<String>) -> bool {
    let Ok(handles) = std::fs::read_dir(handles) else { return false };
    let targets = handles.filter_map(|handle| std::fs::read_link(handle.ok()?.path()).ok());
    targets.filter_map(|target| target.to_str().map(str::to_owned)).any(|target| sockets.contains(&target))
}
