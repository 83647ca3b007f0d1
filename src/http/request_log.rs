//! The log of requests: a line for each that the store failed, or for every request if that is wanted.
//!
//! The fields have the names that nginx gives them, so that one request is found on both sides by its ID. An overloaded
//! instance refuses thousands of requests per second, and a line for each would add to the load: failed requests beyond
//! [`MOST_LINES`] a second are summed up by their reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::{Method, StatusCode};

use super::call::RequestId;
use super::error::ApiError;
use crate::wire::Code;

/// The time between two sums in the log.
const PERIOD: Duration = Duration::from_secs(1);

/// The most failed requests of one period that have a line of their own.
const MOST_LINES: usize = 100;

/// The most kinds of refusals that are counted separately in one period.
const MOST_KINDS: usize = 32;

/// The most bytes that are kept of a path. The path of a route has fewer.
const MOST_PATH: usize = 200;

/// Which requests have a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedRequests {
    /// Those answered with 5xx.
    Failed,
    /// All of them, but health checks that are answered with 200.
    All,
}

/// What the log says of a request that was received.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) request_id: RequestId,
    method: Method,
    path: Arc<str>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    /// The route, if one matched.
    pub(super) route: Option<&'static str>,
    pub(super) status: StatusCode,
    pub(super) error: Option<&'a ApiError>,
    pub(super) took: Duration,
}

impl Asked {
    pub(super) fn of<B>(request: &hyper::Request<B>) -> Self {
        let path = request.uri().path();
        Self {
            request_id: RequestId::of(request.headers()),
            method: request.method().clone(),
            path: path[..path.floor_char_boundary(MOST_PATH)].into(),
        }
    }
}

/// The requests that failed in this period, as far as they are not in the log.
#[derive(Debug)]
pub(super) struct RequestLog {
    which: LoggedRequests,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// The number of lines of this period.
    lines: usize,
    kinds: Vec<Kind>,
    /// The number of refusals beyond [`MOST_KINDS`] kinds.
    others: u64,
    /// The number of answers that were begun and not finished, by reason.
    cut_off: BTreeMap<&'static str, u64>,
}

#[derive(Debug, PartialEq, Eq)]
struct Kind {
    code: Code,
    reason: String,
    requests: u64,
}

impl RequestLog {
    pub(super) fn new(which: LoggedRequests) -> Self {
        Self { which, noted: Mutex::default() }
    }

    /// Records what became of a request.
    pub(super) fn note(&self, asked: &Asked, answered: &Answered<'_>) {
        let failed = answered.error.filter(|error| error.code.status() >= 500);
        let all = self.which == LoggedRequests::All;
        match failed {
            Some(error) if all || self.has_room(error) => {}
            None if all && !is_good_probe(asked, answered.status) => {}
            _ => return,
        }
        let (request_id, method, uri) = (asked.request_id.as_str(), asked.method.as_str(), &*asked.path);
        let Answered { route, status, error, took } = answered;
        let (status, seconds) = (status.as_u16(), (took.as_secs_f64() * 1e6).round() / 1e6);
        let (code, reason) = (error.map(|error| error.code.name()), error.map(ApiError::reason));
        match failed.map(|error| error.code) {
            Some(Code::InternalError) => {
                tracing::error!(
                    request_id,
                    method,
                    uri,
                    route,
                    status,
                    seconds,
                    code,
                    reason,
                    "a request failed by a defect"
                );
            }
            Some(_) => {
                tracing::warn!(request_id, method, uri, route, status, seconds, code, reason, "a request was refused");
            }
            None => {
                tracing::info!(request_id, method, uri, route, status, seconds, code, reason, "a request was answered");
            }
        }
    }

    /// Records an answer that was begun and not finished.
    pub(super) fn note_cut_off(&self, reason: &'static str) {
        *self.noted().cut_off.entry(reason).or_default() += 1;
    }

    /// Whether a failed request gets a line in this period. If not, it is counted for the sum.
    fn has_room(&self, error: &ApiError) -> bool {
        let (code, reason) = (error.code, error.reason());
        let mut noted = self.noted();
        if noted.lines < MOST_LINES {
            noted.lines += 1;
            return true;
        }
        if let Some(kind) = noted.kinds.iter_mut().find(|kind| kind.code == code && kind.reason == reason) {
            kind.requests += 1;
        } else if noted.kinds.len() < MOST_KINDS {
            noted.kinds.push(Kind { code, reason: reason.to_owned(), requests: 1 });
        } else {
            noted.others += 1;
        }
        false
    }

    /// Calls [`Self::sum_up`] every second and never returns.
    pub(super) async fn sum_up_every_second(&self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            self.sum_up();
        }
    }

    /// Logs how many refusals of each kind had no line of their own since the last call.
    pub(super) fn sum_up(&self) {
        let Noted { kinds, others, cut_off, .. } = std::mem::take(&mut *self.noted());
        for (reason, answers) in cut_off {
            tracing::warn!(answers, reason, "answers were cut off and their connections reset");
        }
        for Kind { code, reason, requests } in kinds {
            let code_name = code.name();
            if code == Code::InternalError {
                tracing::error!(requests, code = code_name, reason, "more requests failed by a defect");
            } else {
                tracing::warn!(requests, code = code_name, reason, "more requests were refused");
            }
        }
        if others > 0 {
            tracing::warn!(requests = others, "more requests were refused, for many other reasons");
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        // The values are consistent after every statement, so a panic elsewhere leaves them usable.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Health checks come every few seconds and say nothing; nginx leaves them out, too.
fn is_good_probe(asked: &Asked, status: StatusCode) -> bool {
    status == StatusCode::OK && matches!(&*asked.path, "/health-check" | "/live" | "/ready" | "/metrics")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(log: &RequestLog, error: &ApiError, requests: usize) -> usize {
        (0..requests).filter(|_| log.has_room(error)).count()
    }

    fn kind(code: Code, reason: &str, requests: u64) -> Kind {
        Kind { code, reason: reason.to_owned(), requests }
    }

    #[test]
    fn so_many_requests_of_a_second_have_a_line_and_the_rest_are_summed_up() {
        let log = RequestLog::new(LoggedRequests::Failed);
        let full = ApiError::new(Code::Overloaded, "full");
        let slow = ApiError::new(Code::Overloaded, "slow");
        assert_eq!(lines(&log, &full, MOST_LINES - 1), MOST_LINES - 1);
        assert_eq!((lines(&log, &slow, 3), lines(&log, &full, 2)), (1, 0));
        assert_eq!(log.noted().kinds, [kind(Code::Overloaded, "slow", 2), kind(Code::Overloaded, "full", 2)]);
        log.sum_up();
        assert_eq!(lines(&log, &full, 1), 1, "another second");
        assert_eq!(log.noted().kinds, []);
    }

    #[test]
    fn a_reason_that_is_never_the_same_does_not_fill_the_memory() {
        let log = RequestLog::new(LoggedRequests::Failed);
        for number in 0..1_000 {
            log.has_room(&ApiError::new(Code::DatabaseUnavailable, number.to_string()));
        }
        let noted = log.noted();
        assert_eq!((noted.kinds.len(), noted.others), (MOST_KINDS, (1_000 - MOST_LINES - MOST_KINDS) as u64));
    }

    #[test]
    fn a_long_path_is_cut_off() {
        let path = format!("/{}", "x".repeat(8_000));
        let asked = Asked::of(&hyper::Request::builder().uri(path).body(()).unwrap());
        assert_eq!(asked.path.len(), MOST_PATH);
    }
}
