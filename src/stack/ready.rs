//! Waiting until a process does its work, or has ended instead.

use std::io;
use std::time::Duration;

use hyper::Method;
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::launch::{Log, ending};
use super::process::answers;
use super::state::Memory;
use super::{Name, StackError};
use crate::net::{Answer, Target, request_once};

/// The longest wait for one answer: on loopback, whoever takes longer is not ready.
const ONE_ANSWER: Duration = Duration::from_secs(2);

/// The pause between two questions: short against what a start takes, long against what asking costs.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until the process answers on its port.
pub(super) async fn wait(
    name: Name,
    port: u16,
    mut child: Option<&mut Child>,
    log: &Log,
    memory: &Memory,
    limit: Duration,
) -> Result<(), StackError> {
    let start = Instant::now();
    loop {
        // Alive before it answered: so the answer was not a stranger's on the same port.
        let alive = memory.entry(name).is_some_and(|entry| entry.is_alive());
        if alive && answers(name, port).await {
            return Ok(());
        }
        let ended = match child.as_mut() {
            Some(child) => child.try_wait().map_err(|source| StackError::Spawn { name, source })?,
            None => None,
        };
        if ended.is_some() || !alive {
            let (log, lines) = (log.path.clone(), log.tail());
            return Err(StackError::Crashed { name, ending: ending(ended), log, lines });
        }
        if start.elapsed() >= limit {
            return Err(StackError::NotReady { name, after: limit, log: log.path.clone(), lines: log.tail() });
        }
        sleep(PAUSE).await;
    }
}

/// Whether a GET is answered with 200.
pub(super) async fn says_ok(port: u16, path: &str) -> bool {
    get(port, path).await.is_some()
}

/// The answer to a GET, if it is a good one.
pub(super) async fn get(port: u16, path: &str) -> Option<Answer> {
    let answer = request_once(&Target::loopback(port), Method::GET, path, &[], Vec::new(), ONE_ANSWER).await;
    answer.ok().filter(|answer| answer.status == 200)
}

/// What is there within the time of one answer; nothing when it fails or takes longer.
pub(super) async fn soon<T>(attempt: impl Future<Output = io::Result<T>>) -> Option<T> {
    timeout(ONE_ANSWER, attempt).await.ok()?.ok()
}
