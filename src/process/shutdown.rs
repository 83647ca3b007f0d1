//! The signals to stop, as a future.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Resolves when the process is asked to end: by SIGTERM from an orchestrator, SIGINT (Ctrl-C) from a terminal, or
/// SIGHUP from a terminal that was closed. On any of them a service drains, and a command writes what it has gathered
/// and exits with 130. Without a handler SIGHUP would kill the process at once. If SIGHUP
/// is ignored, as under nohup(1), it stays ignored.
///
/// The handlers are installed before this returns, so no signal is lost between the call and the first poll.
pub fn terminated() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let hangup = if ignores_hangup(&status) { None } else { Some(signal(SignalKind::hangup())?) };
    ended(hangup)
}

/// The same for a service that reads its settings again on SIGHUP: that signal does not end it.
pub fn terminated_not_hung_up() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    ended(None)
}

/// Every SIGHUP from now on; one that comes while none is awaited is not lost.
pub fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

fn ended(mut hangup: Option<Signal>) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether a process ignores SIGHUP, from the text of its `/proc/PID/status` (proc(5)): signal 1 is the lowest bit of a
/// hexadecimal mask.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};
    use std::time::Duration;

    #[tokio::test]
    async fn a_closed_terminal_ends_a_process_in_order() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let ignored = ignores_hangup(&status);
        let terminated = terminated().unwrap();
        kill_process(getpid(), Signal::HUP).unwrap();
        let patience = Duration::from_secs(if ignored { 1 } else { 30 });
        let ended = tokio::time::timeout(patience, terminated).await.is_ok();
        assert_eq!(ended, !ignored);
    }

    #[test]
    fn an_ignored_hangup_is_seen() {
        assert!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"));
        assert!(!ignores_hangup("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"));
        assert!(!ignores_hangup(""));
    }
}
