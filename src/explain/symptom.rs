//! What a failure says about where it comes from, by its kind, status and words.
//!
//! Services word the same thing in many ways; the words here are those of common drivers, pools and proxies.

use crate::run_result::{FailureKind, FailureSummary};

/// What a failure points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    /// The database refused a connection because there were too many.
    TooManyConnections,
    /// No connection of a pool became free in time.
    PoolExhausted,
    /// Another transaction held a row for too long.
    RowsHeld,
    /// The database ended a transaction because of a deadlock.
    Deadlock,
    /// The service, or what stands in front of it, refused work on purpose.
    Refused,
    /// What stands in front of the service waited for it in vain.
    FrontTimedOut,
    /// What stands in front of the service could not reach it.
    FrontUnreached,
    /// Nobody answered within the time limit of the load test.
    TimedOut,
    /// No process listened.
    NobodyListens,
    /// The connection broke.
    Broken,
    /// The service did not want what was sent.
    NotWanted,
    /// The service failed, and does not say why.
    ServerError,
    /// Anything else.
    Other,
}

/// Words by which failures of a service are known, in small letters.
const WORDS: &[(Symptom, &[&str])] = &[
    (
        Symptom::TooManyConnections,
        &[
            "too many connections",
            "max_user_connections",
            "max_connections",
            "too many clients",
            "remaining connection slots",
            "(1040",
            "(1203",
            "(1226",
        ],
    ),
    (
        Symptom::PoolExhausted,
        &[
            "queuepool limit",
            "no database connection became free",
            "connection is not available, request timed out",
            "acquiring a connection",
            "acquiring connection",
            "pool exhausted",
            "pool timeout",
            "pool timed out",
            "waiting for a connection",
            "no free connection",
        ],
    ),
    (Symptom::Deadlock, &["deadlock", "(1213"]),
    (Symptom::RowsHeld, &["lock wait timeout", "hold the same rows", "(1205"]),
];

/// Words by which a refusal on purpose is known.
const REFUSALS: &[&str] = &[
    "overload",
    "more orders than it can take",
    "rate limit",
    "too many requests",
    "try again",
    "temporarily unavailable",
    "busy",
];

/// What a group of failures points at.
pub(super) fn of(failure: &FailureSummary) -> Symptom {
    let said = failure.example.to_lowercase();
    match failure.kind {
        FailureKind::Timeout => return Symptom::TimedOut,
        FailureKind::Refused => return Symptom::NobodyListens,
        FailureKind::Reset | FailureKind::Unprocessed => return Symptom::Broken,
        FailureKind::Http => {}
        _ => return Symptom::Other,
    }
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let status = said.get(..3).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0);
    if let Some((symptom, _)) = WORDS.iter().find(|(_, words)| status >= 400 && says(words)) {
        return *symptom;
    }
    match status {
        429 => Symptom::Refused,
        503 if says(REFUSALS) => Symptom::Refused,
        502 => Symptom::FrontUnreached,
        504 if said.contains("did not say whether") => Symptom::ServerError,
        504 => Symptom::FrontTimedOut,
        408 | 425 | 499 => Symptom::Other,
        400..500 => Symptom::NotWanted,
        500.. => Symptom::ServerError,
        _ => Symptom::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind, example: &str) -> FailureSummary {
        let [method, route, message, example, first_seen, last_seen] =
            ["POST", "/orders", example, example, "", ""].map(str::to_owned);
        FailureSummary {
            method,
            route,
            kind,
            message,
            code: None,
            count: 1,
            share: 0.0,
            first_seen,
            last_seen,
            example,
            advice: None,
        }
    }

    #[test]
    fn failures_are_known_by_their_words() {
        let http = FailureKind::Http;
        for (kind, said, symptom) in [
            (http, "503 the database refused a connection: Too many connections (1040)", Symptom::TooManyConnections),
            (http, "500 (1040, 'Too many connections')", Symptom::TooManyConnections),
            (http, "500 QueuePool limit of size 5 overflow 10 reached", Symptom::PoolExhausted),
            (http, "503 no database connection became free in time: try again in a moment", Symptom::PoolExhausted),
            (http, "500 (1213, 'Deadlock found when trying to get lock')", Symptom::Deadlock),
            (http, "503 other requests hold the same rows: try again in a moment", Symptom::RowsHeld),
            (http, "503 the store has more orders than it can take: try again in a moment", Symptom::Refused),
            (http, "429 slow down", Symptom::Refused),
            (http, "504 Gateway Time-out", Symptom::FrontTimedOut),
            (http, "502 Bad Gateway", Symptom::FrontUnreached),
            (http, "422 there is no product 17", Symptom::NotWanted),
            (http, "500 Internal Server Error", Symptom::ServerError),
            (FailureKind::Timeout, "no answer after 60 s", Symptom::TimedOut),
            (FailureKind::Refused, "connection refused", Symptom::NobodyListens),
            (FailureKind::Check, "too many connections", Symptom::Other),
        ] {
            assert_eq!(of(&failure(kind, said)), symptom, "{said}");
        }
    }
}
