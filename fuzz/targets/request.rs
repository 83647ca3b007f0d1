//! One well-framed request to one of the routes: its path, query, headers and body are any bytes.
//!
//! The input is the number of the route, how the body is framed, and then lines: what stands for `{id}`, the query,
//! headers up to an empty line. The rest is the body.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use storemgr::wire::ALL;
use storemgr_fuzz::{Answer, LAST_REQUEST, Server};

thread_local! {
    static SERVER: Server = Server::start();
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(request) = Request::of(input) else { return Corpus::Reject };
    let answers = SERVER.with(|server| server.exchange(&[&request.bytes, LAST_REQUEST].concat()));
    let answer = Answer::read(&answers, request.to_head).expect("a request is answered");
    // The rest is the answer to the last request, or nothing if the connection was closed after the first.
    if !request.to_head
        && let Some(last) = Answer::read(answer.rest, false)
    {
        assert!(last.rest.is_empty(), "{}", String::from_utf8_lossy(&answers));
    }
    Corpus::Keep
});

struct Request {
    bytes: Vec<u8>,
    to_head: bool,
}

impl Request {
    fn of(input: &[u8]) -> Option<Self> {
        let (&[route, framing], text) = input.split_first_chunk()?;
        let mut lines = text.splitn(3, |byte| *byte == b'\n');
        let (id, query, rest) = (lines.next()?, lines.next()?, lines.next()?);
        let route = ALL[usize::from(route) % ALL.len()];
        let to_head = route.method == "GET" && framing & 4 != 0;
        let method = if to_head { "HEAD" } else { route.method };
        let (before, after) = route.path.split_once("{id}").unwrap_or((route.path, ""));
        let id = if route.path.contains("{id}") { id } else { b"" };
        let mut bytes = [method.as_bytes(), b" ", before.as_bytes(), id, after.as_bytes()].concat();
        if !query.is_empty() {
            bytes.push(b'?');
            bytes.extend(query);
        }
        bytes.extend(b" HTTP/1.1\r\nhost: x\r\n");
        let end = rest.windows(2).position(|pair| pair == b"\n\n");
        let (headers, body) = end.map_or((&b""[..], rest), |end| (&rest[..end], &rest[end + 2..]));
        for header in headers.split(|byte| *byte == b'\n').filter(|header| !header.is_empty()) {
            // The target chooses the framing and expects an answer in its own order.
            let name = header.split(|byte| *byte == b':').next()?.to_ascii_lowercase();
            if ["content-length", "transfer-encoding", "connection", "upgrade"].map(str::as_bytes).contains(&&name[..])
            {
                return None;
            }
            bytes.extend(header);
            bytes.extend(b"\r\n");
        }
        if framing & 2 == 0 {
            bytes.extend(b"content-type: application/json\r\n");
        }
        if framing & 1 == 0 {
            bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(body);
        } else {
            bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
            for piece in body.chunks(7) {
                bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                bytes.extend(piece);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        }
        // A bare line feed or a NUL would end a line elsewhere than this target thinks.
        (!to_head || body.is_empty()).then_some(Self { bytes, to_head })
    }
}
