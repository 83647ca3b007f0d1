//! Writes log lines to standard error in a separate thread, so that the rest of the process never waits for it.
//!
//! Standard error may be a pipe that nobody reads, a pipe that was closed, or a file on a full disk. A line that cannot
//! be queued or written is dropped and counted; the code that logs neither waits nor fails. The thread writes directly
//! to the file descriptor, so that it holds no lock while a write blocks.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// The most bytes of lines that wait to be written: about 5,000 lines, which is more than a slow reader falls behind.
const WAITING_BYTES: usize = 1 << 20;

/// How long a line waits before it is dropped when standard error is full and non-blocking, as another program may have
/// set it.
const WRITE_PATIENCE: Duration = Duration::from_secs(1);

/// The shortest time between two lines that report how many were dropped.
const REPORT_PAUSE: Duration = Duration::from_secs(1);

static WRITER: OnceLock<LogWriter> = OnceLock::new();

/// The entrance for log lines; all clones pass them to the same thread.
#[derive(Clone, Debug)]
pub(super) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Signals the thread that a line was added.
    added: Condvar,
    /// Signals [`flush_log`] that all lines were written.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// True while the thread writes a line that it has already taken out of the queue.
    writing: bool,
    /// The number of lines dropped since the process started.
    dropped: u64,
    /// How many of the dropped lines were already reported in the log.
    told: u64,
}

impl LogWriter {
    /// The one writer of this process; the first call starts its thread.
    pub(super) fn of_process() -> io::Result<Self> {
        if let Some(writer) = WRITER.get() {
            return Ok(writer.clone());
        }
        let writer = Self(Arc::default());
        let thread = writer.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || thread.write_all_lines())?;
        Ok(WRITER.get_or_init(|| writer).clone())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // The values are consistent after every statement, so a panic elsewhere leaves them usable.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.bytes + line.len() > WAITING_BYTES {
            waiting.dropped += 1;
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line.to_vec());
        drop(waiting);
        self.0.added.notify_one();
    }

    fn write_all_lines(&self) {
        let mut last_report = Instant::now();
        loop {
            let line = self.next_line();
            let written = write_whole(&line).is_ok();
            let mut waiting = self.waiting();
            waiting.writing = false;
            waiting.bytes -= line.len();
            waiting.dropped += u64::from(!written);
            let untold = waiting.dropped - waiting.told;
            let tells = written && untold > 0 && last_report.elapsed() >= REPORT_PAUSE;
            if tells {
                waiting.told = waiting.dropped;
            }
            if waiting.lines.is_empty() && !tells {
                self.0.emptied.notify_all();
            }
            drop(waiting);
            if tells {
                last_report = Instant::now();
                tracing::warn!(
                    lines = untold,
                    "log lines were dropped: standard error was full, or not read fast enough"
                );
            }
        }
    }

    /// Waits for a line and takes it out of the queue; it counts as waiting until it is written.
    fn next_line(&self) -> Vec<u8> {
        let mut waiting = self.waiting();
        loop {
            if let Some(line) = waiting.lines.pop_front() {
                waiting.writing = true;
                return line;
            }
            waiting = self.0.added.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Write for LogWriter {
    /// Accepts the whole line and never fails; a line that does not fit is dropped.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until all lines are written, but no longer than `limit`. Call it before the process ends.
pub fn flush_log(limit: Duration) {
    let Some(writer) = WRITER.get() else { return };
    let busy = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
    drop(writer.0.emptied.wait_timeout_while(writer.waiting(), limit, busy));
}

/// The number of log lines dropped since the process started because standard error was full or closed.
pub fn dropped_log_lines() -> u64 {
    WRITER.get().map_or(0, |writer| writer.waiting().dropped)
}

fn write_whole(mut line: &[u8]) -> Result<(), Errno> {
    while !line.is_empty() {
        match rustix::io::write(rustix::stdio::stderr(), line) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => line = &line[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if stderr_is_writable(WRITE_PATIENCE) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether standard error becomes writable without blocking within the given time. This is also true if it is closed or
/// its disk is full, because a write then fails at once.
pub(super) fn stderr_is_writable(within: Duration) -> bool {
    let stderr = rustix::stdio::stderr();
    let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
    let limit = Timespec { tv_sec: within.as_secs() as i64, tv_nsec: i64::from(within.subsec_nanos()) };
    poll(&mut polled, Some(&limit)).is_ok_and(|ready| ready > 0)
}
