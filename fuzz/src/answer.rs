//! Reads the store's answers strictly, and says what is wrong with one.

use serde_json::Value;

/// A complete answer of the store.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body; empty in the answer to HEAD.
    pub body: &'a [u8],
    /// The bytes after the answer.
    pub rest: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads the first answer in `bytes`; `None` if there are no bytes. Panics unless it is complete and keeps the
    /// contract: never a 500, and every refusal in the store's JSON shape with the request's id.
    pub fn read(bytes: &'a [u8], to_head: bool) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes).expect("an answer is HTTP") else {
            panic!("the answer ends in its head");
        };
        let status = head.code.expect("a status");
        if status == 100 {
            return Self::read(&bytes[length..], to_head);
        }
        assert_ne!(status, 500, "{}", String::from_utf8_lossy(bytes));
        let header = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| std::str::from_utf8(header.value).expect("a header is text"))
        };
        let request_id = header("x-request-id").expect("an answer has the request's id");
        let declared = header("content-length").map(|text| text.parse::<usize>().expect("a length"));
        let (body, rest) = match declared {
            _ if to_head => (&[][..], &bytes[length..]),
            Some(declared) => bytes[length..].split_at_checked(declared).expect("the whole body"),
            // Only the overview of stocks is a stream, and it needs the database.
            None => panic!("the answer declares no length"),
        };
        if status >= 400 && !to_head {
            assert_eq!(header("content-type"), Some("application/json"));
            let refusal: Value = serde_json::from_slice(body).expect("a refusal is JSON");
            assert!(refusal["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{refusal}");
            assert!(refusal["code"].is_string(), "{refusal}");
            assert_eq!(refusal["request_id"].as_str(), Some(request_id));
            assert_eq!(status == 503, header("retry-after").is_some(), "{status}");
        }
        Some(Self { status, body, rest })
    }
}
