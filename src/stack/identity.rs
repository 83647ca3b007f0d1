//! The identity of a process. Its number alone is not enough, because the system reuses numbers.
//!
//! A process is identified by its number, its start time (in clock ticks since the machine started, from proc(5)) and the
//! boot of the machine. Signals are sent through a handle of the process (pidfd) that is opened before the identity is
//! checked, so that a number that is reused between the check and the signal does no harm.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// What distinguishes a process from every other, also from later ones with the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: u32,
    /// The start time, in clock ticks since the boot of the machine.
    pub(super) started: u64,
    /// The kernel's random identifier of this boot.
    pub(super) boot: String,
}

/// The fields of `/proc/PID/stat` that are used here.
struct Stat {
    zombie: bool,
    group: u32,
    started: u64,
}

impl Identity {
    /// The identity of the process that has this number now.
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let stat = stat(pid).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it has already ended"))?;
        Ok(Self { pid, started: stat.started, boot: boot()? })
    }

    /// Whether the process still runs. A zombie, which has ended but was not waited for, does not.
    pub(super) fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|stat| !stat.zombie && stat.started == self.started) && self.is_of_this_boot()
    }

    /// Sends a signal, unless the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else { return };
        // An error means that the process has just ended, which the caller learns from `is_alive`.
        let _ = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) if self.is_alive() => pidfd_send_signal(&handle, signal),
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) if self.is_alive() => kill_process(pid, signal),
            _ => Ok(()),
        };
    }

    /// The other living members of its process group: the processes that it started and may have left behind.
    ///
    /// After the process has ended, an unrelated process may get its number and lead a group of that number. Members of
    /// such a group are recognised because they do not work inside `home`, as every process of ours does.
    pub(super) fn companions(&self, home: &Path) -> Vec<Self> {
        if !self.is_of_this_boot() {
            return Vec::new();
        }
        let alive = self.is_alive();
        let ours = |pid: u32, stat: &Stat| {
            stat.group == self.pid
                && pid != self.pid
                && !stat.zombie
                && stat.started >= self.started
                && (alive || works_inside(pid, home))
        };
        let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = all.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter_map(|pid| stat(pid).filter(|stat| ours(pid, stat)).map(|stat| (pid, stat.started)))
            .map(|(pid, started)| Self { pid, started, boot: self.boot.clone() })
            .collect()
    }

    fn is_of_this_boot(&self) -> bool {
        boot().is_ok_and(|boot| boot == self.boot)
    }
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn works_inside(pid: u32, home: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory.starts_with(home))
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields are counted from the last parenthesis, because the program's name before it may contain parentheses and spaces.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
    // proc(5) counts from 1 and the name is field 2, so field 3 (state) has index 0 here.
    let field = |number: usize| fields.get(number - 3).copied();
    // A killed process is shown as a zombie while its other threads still hold its files and ports.
    let last_thread = field(20)?.parse::<u32>().ok()? <= 1;
    Some(Stat {
        zombie: matches!(field(3)?, "Z" | "X") && last_thread,
        group: field(5)?.parse().ok()?,
        started: field(22)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_itself_and_no_other() {
        let this = Identity::of(std::process::id()).unwrap();
        assert!(this.is_alive());
        assert!(!Identity { started: this.started + 1, ..this.clone() }.is_alive(), "the same number, started later");
        assert!(!Identity { boot: "another".to_owned(), ..this }.is_alive(), "before the machine was restarted");
    }

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a) R (b c) S 1 70 3 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 0 0";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.zombie, stat.group, stat.started), (false, 70, 123_456));
    }

    #[test]
    fn a_zombie_with_threads_left_is_still_there() {
        let zombie = |threads| {
            let text = format!("7 (mysqld) Z 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 {threads} 0 123456 0 0");
            parse_stat(&text).unwrap().zombie
        };
        assert!(zombie(1));
        assert!(!zombie(30));
    }

    #[tokio::test]
    async fn a_stranger_with_the_same_number_gets_no_signal() {
        let mut stranger = tokio::process::Command::new("/bin/sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        let identity = Identity::of(stranger.id().unwrap()).unwrap();
        Identity { started: identity.started - 1, ..identity.clone() }.signal(Signal::KILL);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(stranger.try_wait().unwrap().is_none(), "killed in place of another");
        identity.signal(Signal::KILL);
        assert!(!stranger.wait().await.unwrap().success());
    }
}
