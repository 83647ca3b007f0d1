//! Holds another process to a share of one processor, as if the machine were smaller.
//!
//! The process is stopped (SIGSTOP) when it has used more than its share and goes on (SIGCONT) when time has caught up:
//! what cpulimit(1) does. That needs no control group and no privilege beyond being the same user. It is coarser than a
//! quota of the kernel: within a tenth of a second a process may use more than its share, over a second it does not.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::cpu_time_of;

/// The pause between two looks. A look reads a file for each thread of the process.
const LOOK: Duration = Duration::from_millis(5);

/// How much of its share a process that was idle may use at once, as a time at its share.
const SAVED: Duration = Duration::from_millis(50);

/// Holds a process to its share until it is dropped; then the process runs freely again.
#[derive(Debug)]
pub struct ProcessorShare {
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ProcessorShare {
    /// Begins to hold the process to this share of one processor, from 0 to 1. It is an error if the process does not exist
    /// or belongs to somebody else.
    pub fn hold(pid: u32, share: f64) -> io::Result<Self> {
        let unknown = || io::Error::from(io::ErrorKind::NotFound);
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(unknown)?;
        // A handle, so that a number that is used again does no harm.
        let process = pidfd_open(number, PidfdFlags::empty())?;
        pidfd_send_signal(&process, Signal::CONT)?;
        let enough = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&enough);
        let thread = std::thread::Builder::new().name("processor share".to_owned());
        let thread = thread.spawn(move || hold(pid, &process, share, &asked))?;
        Ok(Self { enough, thread: Some(thread) })
    }
}

impl Drop for ProcessorShare {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread cannot panic; if it did, nothing could be done about it here.
            drop(thread.join());
        }
    }
}

/// Stops the process and lets it go on, until asked to end or the process has ended.
fn hold(pid: u32, process: &OwnedFd, share: f64, enough: &AtomicBool) {
    let mut budget = Budget::new(share);
    let mut stopped = false;
    let (mut looked, mut used) = (Instant::now(), used_by(pid).unwrap_or_default());
    while !enough.load(Ordering::Relaxed) {
        std::thread::park_timeout(LOOK);
        let Some(now_used) = used_by(pid) else { break };
        let now = Instant::now();
        budget.pass(now - looked, now_used.saturating_sub(used));
        // Threads that have ended take their time along, so the sum may fall.
        (looked, used) = (now, now_used);
        if budget.is_spent() != stopped {
            stopped = !stopped;
            let signal = if stopped { Signal::STOP } else { Signal::CONT };
            if pidfd_send_signal(process, signal).is_err() {
                break;
            }
        }
    }
    // An error means that the process has ended.
    let _ = pidfd_send_signal(process, Signal::CONT);
}

/// The processor time that a process may still use, in seconds. Negative after it has used too much.
#[derive(Debug)]
struct Budget {
    share: f64,
    left: f64,
}

impl Budget {
    fn new(share: f64) -> Self {
        Self { share, left: 0.0 }
    }

    /// Time has passed, in which the process has used this much.
    fn pass(&mut self, time: Duration, used: Duration) {
        let saved = SAVED.as_secs_f64() * self.share;
        self.left = (self.left + time.as_secs_f64() * self.share).min(saved) - used.as_secs_f64();
    }

    fn is_spent(&self) -> bool {
        self.left < 0.0
    }
}

/// The processor time of all threads of a process: to the nanosecond from the scheduler's statistics (first field of
/// `/proc/PID/task/TID/schedstat`, Linux: scheduler/sched-stats.rst), and where the kernel has none, in clock ticks. `None`
/// if the process does not exist.
fn used_by(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut nanoseconds = None;
    for thread in threads.flatten() {
        let read = fs::read_to_string(thread.path().join("schedstat")).ok();
        let time = read.and_then(|text| text.split_ascii_whitespace().next()?.parse::<u64>().ok());
        nanoseconds = time.map_or(nanoseconds, |time| Some(nanoseconds.unwrap_or(0) + time));
    }
    nanoseconds.map(Duration::from_nanos).or_else(|| cpu_time_of(pid))
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    #[test]
    fn a_process_may_use_its_share_and_what_it_saved_and_no_more() {
        let mut budget = Budget::new(0.1);
        let milliseconds = Duration::from_millis;
        budget.pass(milliseconds(10), Duration::ZERO);
        assert!(!budget.is_spent());
        budget.pass(milliseconds(10), milliseconds(10));
        assert!(budget.is_spent(), "ten times its share");
        budget.pass(milliseconds(70), Duration::ZERO);
        assert!(budget.is_spent());
        budget.pass(milliseconds(20), Duration::ZERO);
        assert!(!budget.is_spent());
        // An hour of doing nothing is worth no more than a moment of it.
        budget.pass(Duration::from_hours(1), Duration::ZERO);
        budget.pass(Duration::ZERO, milliseconds(6));
        assert!(budget.is_spent());
    }

    /// A process that would use a whole processor. It ends with the test.
    struct Busy(Child);

    impl Busy {
        fn new() -> Self {
            Self(Command::new("/bin/sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
        }
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn a_busy_process_uses_its_share_of_a_processor_and_is_let_go_afterwards() {
        let busy = Busy::new();
        let pid = busy.0.id();
        let share = ProcessorShare::hold(pid, 0.1).unwrap();
        let (begin, before) = (Instant::now(), used_by(pid).unwrap());
        std::thread::park_timeout(Duration::from_secs(2));
        let used = used_by(pid).unwrap().saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();
        // It may get less on a busy machine, and one look more than its share on a slow one.
        assert!(used < 0.2, "{used} of a processor");
        drop(share);
        let before = used_by(pid).unwrap();
        let begin = Instant::now();
        while used_by(pid).unwrap() < before + Duration::from_millis(300) {
            assert!(begin.elapsed() < Duration::from_secs(30), "it was left standing still");
            std::thread::park_timeout(LOOK);
        }
    }

    #[test]
    fn a_process_that_does_not_exist_cannot_be_held() {
        assert!(ProcessorShare::hold(u32::MAX, 0.5).is_err());
    }
}
