//! Ends processes of a stack.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::layout::Layout;
use super::process::answers;
use super::state::{ProcessEntry, StateFile};
use super::{Event, Observer, ProcessName, StackError};

/// The pause between two checks of a process that is ending.
const PAUSE: Duration = Duration::from_millis(10);

/// How long to wait after SIGKILL, while the kernel writes what the process had open.
const AFTER_KILL: Duration = Duration::from_secs(10);

/// How long to wait for a database that is just starting before it gets SIGTERM: a MariaDB that gets the signal during its
/// start never ends.
const START: Duration = Duration::from_secs(10);

/// How long to wait after SIGTERM before SIGKILL. An instance first finishes its requests, each of which is limited to a
/// minute at most; a database writes its pages.
fn deadline(name: ProcessName) -> Duration {
    Duration::from_secs(match name {
        ProcessName::Database | ProcessName::Member(_) => 60,
        ProcessName::Serve(_) => 30,
        ProcessName::Redis
        | ProcessName::RedisReplica
        | ProcessName::Sentinel
        | ProcessName::Prometheus
        | ProcessName::Nginx => 10,
    })
}

/// Ends these processes: first the instances, so that they can finish their requests, then the services that they use.
pub(super) async fn stop(
    names: &[ProcessName],
    layout: &Layout,
    state_file: &StateFile,
    observer: Observer<'_>,
) -> Result<(), StackError> {
    let (instances, services): (Vec<ProcessName>, Vec<_>) = names.iter().partition(|name| name.is_instance());
    let mut surviving = Vec::new();
    for together in [instances, services] {
        let ends = together.into_iter().map(|name| stop_one(name, layout, state_file, observer));
        for survivor in join_all(ends).await {
            surviving.extend(survivor?);
        }
    }
    if surviving.is_empty() { Ok(()) } else { Err(StackError::WouldNotStop(surviving)) }
}

/// Ends one process and everything that it started, and removes it from the state. Returns its name if it survived.
async fn stop_one(
    name: ProcessName,
    layout: &Layout,
    state_file: &StateFile,
    observer: Observer<'_>,
) -> Result<Option<ProcessName>, StackError> {
    let Some(entry) = state_file.entry(name) else { return Ok(None) };
    let home = layout.home(name);
    let ran = is_there(&entry, &home);
    let ended = if entry.preparing {
        // Its output is incomplete and will be deleted, so it may be killed at once.
        false
    } else {
        if name.is_database() {
            wait_for_start(&entry, state_file.state().ports.of(name)).await;
        }
        end_within(&entry, &home, Signal::TERM, deadline(name)).await
    };
    if !ended && !kill(&entry, &home).await {
        return Ok(Some(name));
    }
    state_file.change(|state| drop(state.processes.remove(&name)))?;
    if ran {
        observer(if ended || entry.preparing { Event::Stopped(name) } else { Event::Killed(name) });
    }
    Ok(None)
}

/// Kills the process and what it started. Returns whether all of it has ended.
pub(super) async fn kill(entry: &ProcessEntry, home: &Path) -> bool {
    end_within(entry, home, Signal::KILL, AFTER_KILL).await
}

/// Whether the process or anything that it started still runs.
pub(super) fn is_there(entry: &ProcessEntry, home: &Path) -> bool {
    entry.is_alive() || !entry.identity.companions(home).is_empty()
}

/// Waits until a database answers, has ended, or [`START`] is over.
async fn wait_for_start(entry: &ProcessEntry, port: u16) {
    let start = Instant::now();
    while entry.is_alive() && start.elapsed() < START && !answers(ProcessName::Database, port).await {
        sleep(PAUSE).await;
    }
}

/// Signals the process and, once it has ended, what it left behind. Returns whether all of it ended in time.
async fn end_within(entry: &ProcessEntry, home: &Path, signal: Signal, limit: Duration) -> bool {
    let start = Instant::now();
    let mut told = Vec::new();
    loop {
        let leader = entry.is_alive().then(|| entry.identity.clone());
        let left_behind = entry.identity.companions(home);
        if leader.is_none() && left_behind.is_empty() {
            return true;
        }
        // A leader that gets SIGTERM ends its companions itself, in its own order. A killed one cannot.
        let targets = match leader {
            Some(leader) if signal != Signal::KILL => vec![leader],
            leader => leader.into_iter().chain(left_behind).collect(),
        };
        for target in targets {
            if !told.contains(&target) {
                target.signal(signal);
                // A process that stands still, because it was being held back, ends only when it goes on.
                target.signal(Signal::CONT);
                told.push(target);
            }
        }
        if start.elapsed() >= limit {
            return false;
        }
        sleep(PAUSE).await;
    }
}
