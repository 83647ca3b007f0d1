//! Reads processor time and memory of processes from `/proc`.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// A process on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// The unit in which the kernel counts processor time: a hundredth of a second (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// Processor time of all its threads since its start; `None` if it has ended.
    pub(crate) fn cpu(self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name in parentheses may contain anything; the numbers begin after it.
        let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = numbers.get(11)?.parse::<u32>().ok()? + numbers.get(12)?.parse::<u32>().ok()?;
        Some(TICK * ticks)
    }

    /// Resident memory in MiB; `None` if it has ended.
    pub(crate) fn resident_mib(self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    }
}

/// Microseconds of processor time per piece of work, summed over processes. NaN if they have ended or run on another
/// machine.
pub(crate) fn cpu_us(processes: &[Process], before: Duration, pieces: f64) -> f64 {
    if processes.is_empty() {
        return f64::NAN;
    }
    cpu(processes).saturating_sub(before).as_secs_f64() * 1e6 / pieces
}

/// Processor time, summed over processes.
pub(crate) fn cpu(processes: &[Process]) -> Duration {
    processes.iter().filter_map(|process| process.cpu()).sum()
}

/// The processes that listen on a TCP port: one, or a master and its workers.
pub(crate) fn listening_on(port: u16) -> Vec<Process> {
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
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| holds(Path::new(&format!("/proc/{pid}/fd")), &sockets)).map(Process).collect()
}

fn holds(handles: &Path, sockets: &HashSet<String>) -> bool {
    let Ok(handles) = std::fs::read_dir(handles) else { return false };
    let targets = handles.filter_map(|handle| std::fs::read_link(handle.ok()?.path()).ok());
    targets.filter_map(|target| target.to_str().map(str::to_owned)).any(|target| sockets.contains(&target))
}
