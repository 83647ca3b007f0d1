//! One question to a process, which is answered at once or not at all.

use std::io;
use std::time::Duration;

use hyper::Method;
use tokio::time::timeout;

use crate::net::{Answer, Target, request_once};

/// The longest wait for one answer: on loopback, whoever takes longer is not ready.
const ONE_ANSWER: Duration = Duration::from_secs(2);

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
