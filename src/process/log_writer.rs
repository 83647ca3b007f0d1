//! Writes log lines on standard error, in a thread of its own that nobody waits for.
//!
//! Standard error may be a pipe that nobody reads, a pipe that was closed, or a file on a full disk. A line that cannot
//! be kept or written is dropped and counted; whoever logs neither waits nor fails. The thread writes to the file
//! descriptor itself, so that it holds no lock while it hangs in a write.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Bytes of lines that may wait to be written: some 5,000 lines, more than a slow reader is behind with.
const WAITING_BYTES: usize = 1 << 20;

/// How long a line waits for a standard error that cannot block (another program has set it so) before it is dropped.
const WRITE_PATIENCE: Duration = Duration::from_secs(1);

/// The least time between two lines that say how many were dropped.
const REPORT_PAUSE: Duration = Duration::from_secs(1);

static WRITER: OnceLock<LogWriter> = OnceLock::new();

/// Takes log lines; a clone takes them for the same thread.
#[derive(Clone, Debug)]
pub(super) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// A line was added.
    added: Condvar,
    /// Everything was written.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A line was taken out and is not written yet.
    writing: bool,
    /// Lines dropped since the process started.
    dropped: u64,
    /// Of those, how many the log has told of.
    told: u64,
}

impl LogWriter {
    /// The writer of this process; its thread is started at the first call.
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
        // Plain values that are whole between any two statements.
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

    /// Waits for a line and takes it out; it goes on counting as waiting.
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
    /// Takes one line, always.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until all lines are written, but no longer than `limit`. For the end of a process.
pub fn flush_log(limit: Duration) {
    let Some(writer) = WRITER.get() else { return };
    let busy = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
    drop(writer.0.emptied.wait_timeout_while(writer.waiting(), limit, busy));
}

/// Log lines that were dropped since the process started, because standard error was full or gone.
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

/// Whether standard error takes some bytes without blocking within a time. One that is closed or full takes them too: the
/// write fails at once.
pub(super) fn stderr_is_writable(within: Duration) -> bool {
    let stderr = rustix::stdio::stderr();
    let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
    let limit = Timespec { tv_sec: within.as_secs() as i64, tv_nsec: i64::from(within.subsec_nanos()) };
    poll(&mut polled, Some(&limit)).is_ok_and(|ready| ready > 0)
}
