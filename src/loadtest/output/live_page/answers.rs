//! The answers of the page: what is asked for, by whom it may be asked, and what is said.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use super::access::Access;
use super::board::Board;
use super::events::{Frames, events};
use super::kept::FileKind;
use super::order::Form;
use super::shell;
use crate::text;

/// The longest body that is read: a form, or a token.
const MOST_BODY_BYTES: usize = 16 * 1024;

/// How long the body of a request may take to come: until then it holds one of the connections, also without a token.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// What the page may load and do: nothing but its own files, and no script that stands in its markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A whole answer, or one that goes on.
pub(super) type Body = Either<Full<Bytes>, StreamBody<Frames>>;

/// What the answers are made of.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) access: Access,
    pub(super) board: Arc<Board>,
}

impl Answers {
    /// The answer to a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let changes = parts.method != Method::GET && parts.method != Method::HEAD;
        let mut answer = if !self.access.is_ours(&parts) {
            self.refused(
                StatusCode::MISDIRECTED_REQUEST,
                text!("This name is not the one of the page: open the address that storemgr has printed"),
            )
        } else if !self.access.is_from_the_page(&parts, changes) {
            self.refused(StatusCode::FORBIDDEN, text!("This request comes from another page, and is refused"))
        } else {
            let is_known = self.access.is_known(&parts);
            match (parts.method.as_str(), parts.uri.path()) {
                ("GET" | "HEAD", "/") => text_answer(
                    StatusCode::OK,
                    "text/html; charset=utf-8",
                    shell::shell(self.board.language, self.board.steers),
                ),
                ("GET" | "HEAD", "/page.js") => {
                    text_answer(StatusCode::OK, "text/javascript; charset=utf-8", shell::SCRIPT)
                }
                ("GET" | "HEAD", "/page.css") => text_answer(StatusCode::OK, "text/css; charset=utf-8", shell::style()),
                ("POST", "/session") => self.session(body).await,
                ("GET", "/session") if is_known => text_answer(StatusCode::NO_CONTENT, "text/plain", ""),
                ("GET", "/events") if is_known => self.events(),
                ("POST", "/steer") if is_known => self.steer(body).await,
                ("GET", path) if is_known && path.starts_with("/download/") => self.download(path).await,
                (_, "/session" | "/events" | "/steer") | ("GET", _) if !is_known => self.refused(
                    StatusCode::UNAUTHORIZED,
                    text!("Open the address that storemgr has printed: it has the token of this page"),
                ),
                (_, "/" | "/page.js" | "/page.css" | "/session" | "/events" | "/steer") => not_allowed(),
                _ => self.refused(StatusCode::NOT_FOUND, text!("There is nothing under this address")),
            }
        };
        let headers = answer.headers_mut();
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    /// The body of a request, or the answer to one that is too long or does not come.
    async fn read(&self, body: Incoming) -> Result<Bytes, Response<Body>> {
        match tokio::time::timeout(BODY_PATIENCE, Limited::new(body, MOST_BODY_BYTES).collect()).await {
            Ok(Ok(read)) => Ok(read.to_bytes()),
            Ok(Err(_)) => {
                Err(self.refused(StatusCode::PAYLOAD_TOO_LARGE, text!("This is not an order that the page knows")))
            }
            Err(_) => {
                let mut late = text_answer(StatusCode::REQUEST_TIMEOUT, "text/plain", "");
                late.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                Err(late)
            }
        }
    }

    fn refused(&self, status: StatusCode, sentence: &'static str) -> Response<Body> {
        text_answer(status, "text/plain; charset=utf-8", self.board.language.text(sentence))
    }

    /// Exchanges the token for the cookie.
    async fn session(&self, body: Incoming) -> Response<Body> {
        let token = match self.read(body).await {
            Ok(token) => token,
            Err(refused) => return refused,
        };
        let Some(cookie) = self.access.cookie_for(token.trim_ascii()) else {
            return self.refused(
                StatusCode::UNAUTHORIZED,
                text!("This token is not the one of this page: open the address that storemgr printed when it started"),
            );
        };
        let mut answer = text_answer(StatusCode::NO_CONTENT, "text/plain", "");
        if let Ok(cookie) = cookie.parse() {
            answer.headers_mut().insert(SET_COOKIE, cookie);
        }
        answer
    }

    fn events(&self) -> Response<Body> {
        let Some(viewer) = self.board.viewer() else {
            return self.refused(StatusCode::SERVICE_UNAVAILABLE, text!("Too many people look at this page already"));
        };
        let mut answer = Response::new(Either::Right(events(viewer)));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        // nginx would keep events back until it has a buffer full of them.
        answer.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        answer
    }

    async fn steer(&self, body: Incoming) -> Response<Body> {
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(refused) => return refused,
        };
        let (form, language) = (Form::read(&body), self.board.language);
        let obeyed = self.board.obey(|choices, is_rate, most_users| form.order(choices, is_rate, most_users, language));
        let (status, sentence) = match obeyed {
            Ok(sentence) => (StatusCode::OK, sentence),
            Err(sentence) => (StatusCode::CONFLICT, sentence),
        };
        text_answer(status, "text/plain; charset=utf-8", sentence)
    }

    async fn download(&self, path: &str) -> Response<Body> {
        let asked = path.strip_prefix("/download/").and_then(FileKind::parse);
        let Some((kept, kind)) = asked.and_then(|(number, kind)| Some((self.board.kept(number)?, kind))) else {
            return self.refused(StatusCode::NOT_FOUND, text!("This run is not kept any more"));
        };
        let (name, language) = (kept.file_name(kind), self.board.language);
        let written = tokio::task::spawn_blocking(move || kept.file(kind, language)).await.unwrap_or_default();
        let mut answer = text_answer(StatusCode::OK, kind.media_type(), written);
        if let Ok(value) = format!("attachment; filename=\"{name}\"").parse() {
            answer.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        answer
    }
}

fn text_answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut answer = Response::new(Either::Left(Full::new(body.into())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn not_allowed() -> Response<Body> {
    let mut answer = text_answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    answer
}
