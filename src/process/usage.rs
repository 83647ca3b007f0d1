//! What another process of this machine has used.

use std::time::Duration;

/// The processor time, of user and system together, that a process with all its threads has used since it started;
/// nothing when there is no such process or the system does not tell (proc(5), `/proc/PID/stat`).
pub fn cpu_time_of(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks = cpu_ticks(&stat)?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64))
}

/// Fields 14 and 15, counted from behind the name, which may hold anything.
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
}
