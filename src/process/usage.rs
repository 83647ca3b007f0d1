//! The processor time and memory used by processes and by the machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time (user and system) that this process has used since it started.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The largest resident set that this process has had, in bytes, as counted by the kernel (`VmHWM` in
/// proc_pid_status(5)); 0 if it cannot be read.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}

/// The processor time (user and system) that all threads of a process have used since it started, from `/proc/PID/stat`
/// (proc(5)); `None` if the process does not exist or the file cannot be read.
pub fn cpu_time_of(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks = cpu_ticks(&stat)?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64))
}

/// The processor time of the whole machine since it started, in ticks (proc_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostTime {
    all: u64,
    idle: u64,
    /// Time in which the machine, a virtual one, wanted to run and the one below it did something else; None where it
    /// is not counted.
    stolen: Option<u64>,
}

impl HostTime {
    /// Reads the current values; `None` if they cannot be read.
    pub fn now() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    /// The idle share of the processor time since an earlier reading, from 0 to 1; `None` if no tick has passed.
    pub fn idle_ratio_since(self, earlier: Self) -> Option<f64> {
        let all = self.all.checked_sub(earlier.all).filter(|all| *all > 0)?;
        Some(self.idle.saturating_sub(earlier.idle) as f64 / all as f64)
    }

    /// The stolen share of the processor time since an earlier reading, from 0 to 1; `None` if no tick has passed or
    /// the kernel does not count it.
    pub fn stolen_ratio_since(self, earlier: Self) -> Option<f64> {
        let all = self.all.checked_sub(earlier.all).filter(|all| *all > 0)?;
        Some(self.stolen?.saturating_sub(earlier.stolen?) as f64 / all as f64)
    }

    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        // user nice system idle iowait irq softirq steal; the fields after these are already part of user.
        let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
        Some(Self { all: ticks.iter().sum(), idle: ticks.get(3)? + ticks.get(4)?, stolen: ticks.get(7).copied() })
    }
}

/// The sum of fields 14 and 15, counted from the end of the process name because the name may contain any character.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let behind_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(ticks()? + ticks()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a) R (b c) S 1 70 3 0 -1 4194560 1 2 3 4 55 66 7 8 20 0 1 0 123456 0 0";
        assert_eq!(cpu_ticks(text), Some(121));
        assert_eq!(cpu_ticks("7 (a"), None);
    }

    #[test]
    fn this_process_has_used_some_and_nobody_none() {
        let start = std::time::Instant::now();
        while cpu_time_of(std::process::id()).unwrap_or_default().is_zero() {
            assert!(start.elapsed() < Duration::from_secs(10), "no processor time in ten seconds");
        }
        assert_eq!(cpu_time_of(u32::MAX), None);
    }

    #[test]
    fn the_idle_share_is_that_of_all_cores_since_before() {
        let parse = |text| HostTime::parse(text).unwrap();
        let before = parse("cpu  100 0 50 800 50 0 0 0 7 7\ncpu0 1 2 3 4\n");
        let after = parse("cpu  150 0 90 880 70 5 5 0 7 7\n");
        assert_eq!(after.idle_ratio_since(before), Some(0.5));
        assert_eq!(before.idle_ratio_since(before), None);
        let stolen = |text| parse(text).stolen_ratio_since(parse("cpu  0 0 0 0 0 0 0 0"));
        assert_eq!((stolen("cpu  1 0 0 1 0 0 0 2 0 0"), stolen("cpu  1 0 0 1 0")), (Some(0.5), None));
        assert!(HostTime::now().is_some() && peak_memory() > 1 << 20);
    }
}
