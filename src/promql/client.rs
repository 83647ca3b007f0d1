//! The client for the HTTP API: sends one query and returns its result, or why there is none.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::{Method, StatusCode};

use super::answer;
use super::error::PromError;
use super::series::{Sample, Series};
use crate::net::{Answer, NetError, Target, Way, request_by};
use crate::units::Secret;

/// The time limit of one query. Prometheus itself gives up after two minutes, but a user at a terminal gives up earlier.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// A Prometheus server, known by its address.
#[derive(Clone, Debug)]
pub struct Prometheus {
    target: Target,
    way: Way,
    /// The bearer token that it, or a proxy before it, asks for.
    token: Option<Secret>,
}

impl Prometheus {
    /// Creates a client for the server at this address. Sends nothing yet.
    pub fn new(target: Target) -> Self {
        Self::behind(target, Way::default(), None)
    }

    /// The same, for a server that is reached by a way of its own, or asks for a bearer token.
    pub fn behind(target: Target, way: Way, token: Option<Secret>) -> Self {
        Self { target, way, token }
    }

    /// Whether it is ready to answer. The error is a sentence.
    pub async fn ready(&self, patience: Duration) -> Result<(), String> {
        let answer = self.send(Method::GET, "/-/ready", &[], Vec::new(), patience).await;
        match answer.map_err(|error| error.to_string())?.status {
            StatusCode::OK => Ok(()),
            status => Err(format!("status {status}")),
        }
    }

    /// The address of the server.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Evaluates an expression whose result is one value per series, as of `at`.
    pub async fn query(&self, expression: &str, at: SystemTime) -> Result<Vec<Sample>, PromError> {
        answer::values(self.ask(expression, at).await?).map_err(|shape| self.wrong_shape(expression, &shape))
    }

    /// Evaluates an expression that selects raw samples (`name{…}[5m]`), as of `at`.
    pub async fn series(&self, expression: &str, at: SystemTime) -> Result<Vec<Series>, PromError> {
        answer::series(self.ask(expression, at).await?).map_err(|shape| self.wrong_shape(expression, &shape))
    }

    async fn ask(&self, expression: &str, at: SystemTime) -> Result<answer::Data, PromError> {
        let url = || self.target.to_string();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", expression)
            .append_pair("time", &seconds(at))
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        let sent = self.send(Method::POST, "/api/v1/query", &headers, form.into(), QUERY_TIMEOUT);
        let received = sent.await.map_err(|cause| PromError::Unreachable { url: url(), cause })?;
        match received.json::<answer::Envelope>().ok().and_then(answer::Envelope::outcome) {
            Some(Ok(data)) => Ok(data),
            Some(Err(error)) => Err(PromError::Refused { url: url(), expression: expression.to_owned(), error }),
            // While Prometheus starts, it answers every request with 503 and a line of text.
            None if is_closed(received.status) => {
                Err(PromError::Closed { url: url(), status: received.status.as_u16() })
            }
            None if received.status == StatusCode::SERVICE_UNAVAILABLE => Err(PromError::Starting { url: url() }),
            None => Err(PromError::NotPrometheus { url: url(), status: received.status.as_u16() }),
        }
    }

    /// Sends a GET to a path of the API and parses the answer.
    pub(super) async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, PromError> {
        let url = || self.target.to_string();
        let headers = [("accept", "application/json")];
        let sent = self.send(Method::GET, path, &headers, Vec::new(), QUERY_TIMEOUT);
        let received = sent.await.map_err(|cause| PromError::Unreachable { url: url(), cause })?;
        if received.status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(PromError::Starting { url: url() });
        }
        let status = received.status.as_u16();
        if is_closed(received.status) {
            return Err(PromError::Closed { url: url(), status });
        }
        received.json().map_err(|_| PromError::NotPrometheus { url: url(), status })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Answer, NetError> {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
        let bearer = bearer.as_deref().map(|value| ("authorization", value));
        let headers: Vec<_> = headers.iter().copied().chain(bearer).collect();
        request_by(&self.target, &self.way, method, path, &headers, body, timeout).await
    }

    fn wrong_shape(&self, expression: &str, shape: &str) -> PromError {
        let url = self.target.to_string();
        PromError::Unexpected { url, expression: expression.to_owned(), shape: shape.to_owned() }
    }
}

/// Whether the status says that a token is missing or not good enough.
fn is_closed(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// A time in the format of the API: seconds since 1970 with three decimals, which is the resolution of Prometheus.
fn seconds(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:03}", since.as_secs(), since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_milliseconds() {
        assert_eq!(seconds(UNIX_EPOCH + Duration::from_millis(1_700_000_000_007)), "1700000000.007");
    }

    #[tokio::test]
    async fn nobody_there_is_a_sentence_with_the_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = Prometheus::new(Target::loopback(port)).query("up", SystemTime::now()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "Prometheus at http://127.0.0.1:{port} does not answer (connection refused): check the address, or run \
                 `storemgr stack up` to start a private one"
            )
        );
    }
}
