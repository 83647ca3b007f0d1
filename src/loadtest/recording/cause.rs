//! Why a request failed: the answer and what its task expects, or the error that came in its place.

use std::time::Duration;

use hyper::StatusCode;

use super::failure::Failure;
use super::said::{Sentence, sentence};
use crate::loadtest::scenario::{Check, Seen};
use crate::net::{Cut, KeepBody, NetError, Reply, Undecodable};
use crate::run_result::FailureKind;
use crate::units::printable;

/// What is read of the body of an answer with this status: of an error its beginning, for its message.
pub(in crate::loadtest) fn reads_of(status: u16, check: &Check) -> KeepBody {
    match check.allows(status) {
        true if check.reads_bodies() => KeepBody::Whole,
        false if status >= 400 => KeepBody::Start,
        _ => KeepBody::Nothing,
    }
}

/// The failure of a request without a complete answer.
pub(in crate::loadtest) fn of_error(error: &NetError) -> Failure {
    Failure::new(kind(error), error.to_string())
}

/// Why an answer counts as a failure; None if it does not. `took` is its response time.
pub(in crate::loadtest) fn of_answer(reply: &Reply<'_>, took: Duration, check: &Check) -> Option<Failure> {
    let Reply { status, .. } = *reply;
    if status >= 400 && !check.allows(status) {
        let Sentence { text, code } = sentence(reply);
        let said = match text {
            Some(sentence) => format!("{status} {sentence}"),
            None => StatusCode::from_u16(status).map_or_else(|_| status.to_string(), |status| status.to_string()),
        };
        return Some(Failure { kind: FailureKind::Http, said, code });
    }
    let said = check.complaint(&Seen { reply, took })?;
    Some(Failure::new(FailureKind::Check, printable(&said).replace('\n', " ")))
}

/// The failure of an answer whose body cannot be decoded: its status, if that is a failure by itself, or what is wrong with
/// the body.
pub(in crate::loadtest) fn of_undecodable(
    reply: &Reply<'_>,
    took: Duration,
    check: &Check,
    error: &Undecodable,
) -> Failure {
    let bare = Reply { body: b"", ..*reply };
    let by_status = of_answer(&bare, took, check).filter(|failure| failure.kind == FailureKind::Http);
    by_status.unwrap_or_else(|| Failure::new(FailureKind::Check, printable(&error.to_string()).into_owned()))
}

fn kind(error: &NetError) -> FailureKind {
    match error {
        NetError::TimedOut { .. }
        | NetError::ConnectTimedOut { .. }
        | NetError::CutShort { cut: Cut::TimedOut { .. }, .. } => FailureKind::Timeout,
        NetError::Refused => FailureKind::Refused,
        NetError::Tls(_) => FailureKind::Tls,
        // A GOAWAY is told to those requests alone that the server says it has not begun with (RFC 9113, section 6.8).
        NetError::Unprocessed(_) | NetError::GoneAway(_) => FailureKind::Unprocessed,
        NetError::Reset
        | NetError::StreamReset(_)
        | NetError::Closed
        | NetError::ClosedIdle
        | NetError::HeadCutShort { .. }
        | NetError::CutShort { cut: Cut::Closed | Cut::Reset | Cut::StreamReset(_) | Cut::OtherLength, .. } => {
            FailureKind::Reset
        }
        NetError::Unresolved { .. }
        | NetError::TooLarge { .. }
        | NetError::NoRoom { .. }
        | NetError::CutShort { cut: Cut::Broken(_), .. }
        | NetError::Exhausted { .. }
        | NetError::Malformed { .. }
        | NetError::NotHttp2(_)
        | NetError::Proxy(_)
        | NetError::Unasked
        | NetError::Unbindable { .. }
        | NetError::Unsendable(_)
        | NetError::Other(_) => FailureKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply<'_> {
        Reply::of(status, b"", body.as_bytes())
    }

    fn failure(reply: &Reply<'_>, check: &Check) -> Option<Failure> {
        of_answer(reply, Duration::from_millis(5), check)
    }

    fn said(status: u16, body: &str) -> String {
        failure(&reply(status, body), &Check::default()).map(|failure| failure.said).unwrap_or_default()
    }

    #[test]
    fn failures_are_named_by_the_message_of_the_service() {
        assert_eq!(said(201, "{}"), "");
        assert_eq!(said(500, "<html>oops</html>"), "500 Internal Server Error");
        assert_eq!(said(500, r#"{"error":""}"#), "500 Internal Server Error");
        let refused = r#"{"error":"the database refused a connection: Too many connections (1040)"}"#;
        assert_eq!(said(503, refused), "503 the database refused a connection: Too many connections (1040)");
        let python = r#"{"error":"(1040, 'Too many connections')\nTraceback"}"#;
        assert_eq!(said(500, python), "500 (1040, 'Too many connections')");
        assert_eq!(said(500, r#"{"message":"m","detail":"d","error":{"code":7}}"#), "500 d");
    }

    #[test]
    fn a_code_is_one_word_beside_the_message() {
        let code = |body: &str| failure(&reply(503, body), &Check::default()).unwrap().code;
        let full = r#"{"error":"Too many connections (1040)","code":"database_unavailable","request_id":"7"}"#;
        assert_eq!(code(full).as_deref(), Some("database_unavailable"));
        for none in ["{}", r#"{"code":7}"#, r#"{"code":"a sentence"}"#, r#"{"code":"1040"}"#, r#"{"code":""}"#] {
            assert_eq!(code(none), None, "{none}");
        }
    }

    #[test]
    fn a_message_is_read_from_the_beginning_of_a_body() {
        assert_eq!(said(500, r#"{"id":{"a":[1]},"error":"no room","trace":"line 1, li"#), "500 no room");
        for whole in [r#"{"error":"no room \ud83d\ude00"#, r#"{"error":"no room é"#] {
            for cut in 18..whole.len() {
                let beginning = Reply { body: &whole.as_bytes()[..cut], body_bytes: 9_999, ..reply(500, "") };
                let failure = failure(&beginning, &Check::default()).unwrap();
                assert!(failure.said.starts_with("500 no room"), "{whole} {cut}: {failure:?}");
            }
        }
        assert_eq!(said(500, r#"{"err"#), "500 Internal Server Error");
    }

    #[test]
    fn a_service_message_cannot_steer_a_terminal() {
        let escapes = r#"{"error":"\u001b[31mred\u001b]0;title\u0007 \u009b2J a\tb"}"#;
        assert_eq!(said(500, escapes), "500 \u{fffd}[31mred\u{fffd}]0;title\u{fffd} \u{fffd}2J a b");
        let check = Check::read_for_tests("status = 200\njson.'/x' = 1");
        let found = failure(&reply(200, r#"{"x":"\u009b2J"}"#), &check).unwrap();
        assert!(found.kind == FailureKind::Check && !found.said.contains(char::is_control), "{found:?}");
    }

    #[test]
    fn kinds_of_failures_are_distinguished() {
        let check = Check::read_for_tests("status = 201");
        let kinds = [reply(500, ""), reply(200, "")].map(|reply| failure(&reply, &check).unwrap().kind);
        assert_eq!(kinds, [FailureKind::Http, FailureKind::Check]);
        let after = Duration::from_secs(1);
        let cut_short = |cut| NetError::CutShort { status: 500, received: 1, promised: None, cut };
        for (error, expected) in [
            (NetError::Refused, FailureKind::Refused),
            (NetError::Closed, FailureKind::Reset),
            (NetError::HeadCutShort { received: 1 }, FailureKind::Reset),
            (cut_short(Cut::Closed), FailureKind::Reset),
            (NetError::TimedOut { after }, FailureKind::Timeout),
            (cut_short(Cut::TimedOut { after }), FailureKind::Timeout),
            (cut_short(Cut::Broken("x".to_owned())), FailureKind::Other),
            (NetError::Exhausted { what: "file handles" }, FailureKind::Other),
        ] {
            assert_eq!(of_error(&error).kind, expected, "{error:?}");
        }
        assert_eq!(failure(&reply(201, ""), &check), None);
    }

    #[test]
    fn no_more_of_a_body_is_read_than_is_needed() {
        let reads = |status, check: &str| reads_of(status, &Check::read_for_tests(check));
        assert_eq!(reads_of(200, &Check::default()), KeepBody::Nothing);
        assert_eq!(reads_of(500, &Check::default()), KeepBody::Start);
        for check in ["status = 200", "header.x = { exists = true }", "time = '<1s'", "size = { max = 9 }"] {
            assert_eq!(reads(200, check), KeepBody::Nothing, "{check}");
        }
        assert_eq!(reads(200, "json.'/x' = 1"), KeepBody::Whole);
        assert_eq!(reads(200, "body = 'pong'"), KeepBody::Whole);
        assert_eq!(reads(500, "json.'/x' = 1"), KeepBody::Start);
        assert_eq!(reads(404, "status = 404"), KeepBody::Nothing, "expected");
        assert_eq!(reads(200, "status = 404\njson.'/x' = 1"), KeepBody::Nothing, "only the status is told");
    }

    #[test]
    fn a_long_sentence_is_cut_between_characters() {
        let body = format!(r#"{{"error":"{}"}}"#, "é".repeat(1_000));
        assert!((400..=510).contains(&said(500, &body).len()));
    }

    #[test]
    fn a_nested_message_a_title_and_a_plain_text_are_the_words_of_the_service_too() {
        for body in [r#"{"error":{"message":"no room"}}"#, "<title>no room</title>", "no room"] {
            assert_eq!(said(503, body), "503 no room", "{body}");
        }
    }
}
