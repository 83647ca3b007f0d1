//! Requests that test whether a process is ready, with a short time limit.

use std::io;
use std::time::Duration;

use hyper::Method;
use tokio::time::timeout;

use crate::net::{Answer, Target, request_once};

/// The time limit of one request. A process on loopback that takes longer is not ready.
const ONE_ANSWER: Duration = Duration::from_secs(2);

/// Whether a GET of this path is answered with 200 in time.
pub(super) async fn says_ok(port: u16, path: &str) -> bool {
    get(port, path).await.is_some()
}

/// The answer to a GET; `None` unless it came in time with status 200.
pub(super) async fn get(port: u16, path: &str) -> Option<Answer> {
    let answer = request_once(&Target::loopback(port), Method::GET, path, &[], Vec::new(), ONE_ANSWER).await;
    answer.ok().filter(|answer| answer.status == 200)
}

/// The result of `attempt`; `None` if it fails or takes longer than [`ONE_ANSWER`].
pub(super) async fn soon<T>(attempt: impl Future<Output = io::Result<T>>) -> Option<T> {
    timeout(ONE_ANSWER, attempt).await.ok()?.ok()
}
