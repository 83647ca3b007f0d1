//! Why Prometheus did not answer a question.

use crate::net::NetError;

/// Why Prometheus did not answer a question.
#[derive(Debug, thiserror::Error)]
pub enum PromError {
    /// Nobody answers there, or not in time. The cause stands in the sentence and is no `source`, so that it is printed once.
    #[error(
        "Prometheus at {url} does not answer ({cause}): check the address, or run `storemgr stack up` to start a \
         private one"
    )]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What happened on the way.
        cause: NetError,
    },
    /// It has only just been started.
    #[error("Prometheus at {url} is still starting: try again in a moment")]
    Starting {
        /// Where it is.
        url: String,
    },
    /// Somebody answers, but not as Prometheus does.
    #[error("what answers at {url} is not Prometheus (HTTP status {status}): check the address")]
    NotPrometheus {
        /// Where it was looked for.
        url: String,
        /// The status of its answer.
        status: u16,
    },
    /// Prometheus refused the question, in its own words.
    #[error("Prometheus at {url} could not answer `{expression}`: {error}")]
    Refused {
        /// Where it is.
        url: String,
        /// What was asked.
        expression: String,
        /// What it said.
        error: String,
    },
    /// The answer is of another kind than the question was.
    #[error("Prometheus at {url} answered `{expression}` with {shape}")]
    Unexpected {
        /// Where it is.
        url: String,
        /// What was asked.
        expression: String,
        /// What came.
        shape: String,
    },
}
