//! Reads the head of an answer: where it ends, how long the body is, and whether the connection can be used again.
//!
//! It reads only what RFC 9112 needs to find the end of an answer; other headers are looked up by name.

use std::mem::MaybeUninit;

use super::NetError;

/// The most headers of an answer: more than the hundred that servers allow, and few enough for the stack.
const MOST_HEADERS: usize = 128;

/// The most bytes of an answer's head, equal to the largest limit of browsers.
pub(super) const MOST_HEAD_BYTES: usize = 256 << 10;

/// How the end of a body is found (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The body has this many bytes.
    Length(u64),
    /// The body comes in chunks, each with its length.
    Chunked,
    /// The body ends where the connection does.
    UntilClosed,
}

/// The facts that were read from a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The length of the head in bytes, with its empty line.
    pub(super) bytes: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether the next request may be sent over the same connection.
    pub(super) keeps: bool,
}

/// Reads a head; None while it is not complete. An answer to HEAD (`to_head`) has no body, whatever its head says.
pub(super) fn parse(received: &[u8], to_head: bool) -> Result<Option<Head>, NetError> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    // A reader must accept a header that is folded over several lines (RFC 9112, section 5.2).
    config.allow_obsolete_multiline_headers_in_responses(true);
    let parsed = config.parse_response_with_uninit_headers(&mut response, received, &mut headers);
    let bytes = match parsed {
        Ok(httparse::Status::Complete(bytes)) => bytes,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(NetError::Malformed { why: "it has too many headers" });
        }
        Err(_) => return Err(NetError::Malformed { why: "its head is not HTTP/1.1" }),
    };
    let status = response.code.unwrap_or_default();
    let mut length = Ok(None);
    let mut last_coding_is_chunked = None;
    let (mut close, mut keep_alive) = (false, false);
    for header in response.headers.iter() {
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                length = match (length, content_length(header.value)) {
                    (Ok(Some(before)), Ok(read)) if before != read => {
                        Err(NetError::Malformed { why: "it has two lengths" })
                    }
                    (Ok(_), read) => read.map(Some),
                    (Err(error), _) => Err(error),
                };
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                let last = header.value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                last_coding_is_chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for token in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    close |= token.eq_ignore_ascii_case(b"close");
                    keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            _ => {}
        }
    }
    // A transfer coding overrides the length, even one that is not valid.
    let framing = match last_coding_is_chunked {
        _ if to_head || status < 200 || status == 204 || status == 304 => Framing::Length(0),
        Some(true) => Framing::Chunked,
        Some(false) => Framing::UntilClosed,
        None => length?.map_or(Framing::UntilClosed, Framing::Length),
    };
    let speaks_1_1 = response.version == Some(1);
    let keeps = !close && (speaks_1_1 || keep_alive) && framing != Framing::UntilClosed && status != 101;
    Ok(Some(Head { bytes, status, framing, keeps }))
}

/// Reads a length. A list of equal numbers is that number (RFC 9112, section 6.3).
fn content_length(value: &[u8]) -> Result<u64, NetError> {
    let not_a_number = NetError::Malformed { why: "its length is not a number" };
    let mut numbers = value.split(|byte| *byte == b',').map(|part| {
        let digits = std::str::from_utf8(part.trim_ascii()).ok();
        digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<u64>().ok()
    });
    let Some(first) = numbers.next().flatten() else { return Err(not_a_number) };
    for other in numbers {
        match other {
            None => return Err(not_a_number),
            Some(other) if other != first => return Err(NetError::Malformed { why: "it has two lengths" }),
            Some(_) => {}
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        parse(text.as_bytes(), false).unwrap().unwrap()
    }

    #[test]
    fn the_end_of_a_body_is_found_as_the_standard_says() {
        let framing = |text: &str| head(text).framing;
        assert_eq!(framing("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), Framing::Length(12));
        assert_eq!(framing("HTTP/1.1 200 OK\r\nContent-Length: 17, 17\r\n\r\n"), Framing::Length(17));
        assert_eq!(
            framing("HTTP/1.1 200 OK\r\nX: folded\r\n over lines\r\ncontent-length: 1\r\n\r\n"),
            Framing::Length(1)
        );
        let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n", "x: y\r\n".repeat(100));
        assert_eq!(framing(&many), Framing::Length(2));
        assert_eq!(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), Framing::Chunked);
        assert_eq!(
            framing("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n"),
            Framing::Chunked
        );
        for (text, expected) in [
            ("transfer-encoding: gzip", Framing::UntilClosed),
            ("transfer-encoding: chunked, gzip", Framing::UntilClosed),
            ("transfer-encoding: gzip\r\ntransfer-encoding: chunked", Framing::Chunked),
            ("transfer-encoding: chunked\r\ncontent-length: x", Framing::Chunked),
            ("content-length: 1\r\ncontent-length: 2\r\ntransfer-encoding: gzip", Framing::UntilClosed),
        ] {
            assert_eq!(framing(&format!("HTTP/1.1 200 OK\r\n{text}\r\n\r\n")), expected, "{text}");
        }
        assert_eq!(framing("HTTP/1.1 204 No Content\r\n\r\n"), Framing::Length(0));
        assert_eq!(framing("HTTP/1.1 304 Not Modified\r\ncontent-length: 12\r\n\r\n"), Framing::Length(0));
        assert_eq!(framing("HTTP/1.1 200 OK\r\n\r\n"), Framing::UntilClosed);
        let to_head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n", true).unwrap().unwrap();
        assert_eq!(to_head.framing, Framing::Length(0));
    }

    #[test]
    fn a_connection_is_reused_unless_an_answer_says_otherwise() {
        let keeps = |text| head(text).keeps;
        assert!(keeps("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: foo, Close\r\n\r\n"));
        assert!(!keeps("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(keeps("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 200 OK\r\n\r\n"));
    }

    #[test]
    fn an_invalid_head_is_refused_and_an_incomplete_one_is_waited_for() {
        for text in [
            "SSH-2.0-OpenSSH_9\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1,\r\n\r\n",
        ] {
            assert!(matches!(parse(text.as_bytes(), false), Err(NetError::Malformed { .. })), "{text}");
        }
        let whole = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nx: y\r\n\r\n";
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole.as_bytes()[..cut], false).unwrap(), None, "{cut}");
        }
    }
}
