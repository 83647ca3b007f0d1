//! Tests of the connection, against servers that answer as they are told.

use super::*;
use crate::net::{MOST_BODY_BYTES, Target, Way};
use tokio::net::TcpListener;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

async fn connect(address: std::net::SocketAddr) -> Result<LeanConnection, NetError> {
    let dialer = Dialer::new(&Target::loopback(address.port()), &Way::default()).unwrap();
    LeanConnection::open(&dialer, &dialer.caller(), &Arc::default()).await
}

/// A server that answers each request on one connection with the next of these texts, in pieces of `piece` bytes.
async fn serve(answers: Vec<Vec<u8>>, piece: usize) -> (LeanConnection, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        for answer in answers {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            for piece in answer.chunks(piece) {
                stream.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    (connect(address).await.unwrap(), server)
}

fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat()
}

#[tokio::test]
async fn answers_are_read_completely_in_whatever_pieces_they_come() {
    let large = vec![b'x'; 300_000];
    let answers = [
        with_body("content-length: 5\r\nX-Name:  a b \r\nx-name: fol\r\n\t ded\r\n", b"hello"),
        with_body("transfer-encoding: chunked\r\n", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        [b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(), &with_body("content-length: 2\r\n", b"ok")].concat(),
        with_body(&format!("content-length: {}\r\n", large.len()), &large),
        with_body("", b"until the end"),
    ];
    for piece in [1, 7, 1_000_000] {
        // Sending the large one byte by byte would only be slow.
        let answers: Vec<_> = answers.iter().filter(|answer| piece > 1 || answer.len() < 1_000).cloned().collect();
        let (mut connection, server) = serve(answers, piece).await;
        let reply = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap();
        assert_eq!((reply.status, reply.body, reply.body_bytes), (200, &b"hello"[..], 5));
        assert_eq!(reply.header("x-name").collect::<Vec<_>>(), [&b"a b"[..], b"fol ded"]);
        assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"abcde");
        assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"ok");
        if piece > 1 {
            let reply = connection.exchange(REQUEST, false, |_| KeepBody::Nothing).await.unwrap();
            assert!(reply.body_bytes == 300_000 && reply.whole_body().is_none());
            assert!(connection.received.capacity() <= SMALL_BUFFER && connection.kept.bytes().is_empty());
        }
        assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"until the end");
        assert!(!connection.is_open());
        let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
        assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn the_answer_to_a_head_request_has_no_body() {
    let answer = with_body("content-length: 5\r\n", b"");
    let (mut connection, _server) = serve(vec![answer.clone(), answer], 1_000).await;
    for _ in 0..2 {
        assert_eq!(connection.exchange(REQUEST, true, |_| KeepBody::Whole).await.unwrap().body_bytes, 0);
    }
}

#[tokio::test]
async fn bytes_after_an_answer_end_the_connection() {
    let (mut connection, _server) = serve(vec![with_body("content-length: 2\r\n", b"okok")], 1_000).await;
    let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
    assert!(matches!(error, NetError::Unasked), "{error:?}");
    assert!(!connection.is_open());
    // An empty line too many is only careless.
    let (mut connection, _server) = serve(vec![with_body("content-length: 2\r\n", b"ok\r\n")], 1_000).await;
    assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"ok");
    assert!(!connection.is_open());
    // Behind the last answer they may be ignored.
    let last = with_body("connection: close\r\ncontent-length: 2\r\n", b"okok");
    let (mut connection, _server) = serve(vec![last], 1_000).await;
    assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"ok");
}

#[tokio::test]
async fn a_broken_answer_is_a_failure_and_a_connection_closed_while_idle_is_not() {
    for (broken, said) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "200, but the body was cut short after 3 of 5 bytes"),
        (
            "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe",
            "500, but the body was cut short after 2 bytes",
        ),
        (
            "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\nx",
            "500, but the answer is not valid HTTP: a chunk's length is not a number",
        ),
        ("HTTP/1.1 20", "the head of the answer was cut short after 11 bytes"),
        ("", "connection closed by the server before it answered"),
    ] {
        let (mut connection, _server) = serve(vec![broken.into()], 1_000).await;
        let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
        assert_eq!(error.to_string(), said);
    }
    let (mut connection, server) = serve(vec![with_body("content-length: 2\r\n", b"ok")], 1_000).await;
    connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap();
    server.await.unwrap();
    // Waits until the end of the connection has arrived.
    connection.stream.readable().await;
    let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
    assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
}

#[tokio::test]
async fn the_answer_of_a_server_that_refuses_a_large_body_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = vec![0; 1_000];
        stream.read_exact(&mut some).await.unwrap();
        let answer = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        // It keeps reading for a while, as servers do, so that the answer is not lost to a reset.
        drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
    });
    let mut connection = connect(address).await.unwrap();
    let request = [REQUEST, &vec![b'x'; 3 << 20]].concat();
    assert_eq!(connection.exchange(&request, false, |_| KeepBody::Whole).await.unwrap().status, 413);
    assert!(!connection.is_open());
}

#[tokio::test]
async fn a_connection_within_one_machine_is_recognised() {
    let (connection, _server) = serve(Vec::new(), 1).await;
    assert!(connection.is_local());
}

/// A server that answers one request with a beginning and then with a piece again and again.
async fn serve_endlessly(beginning: &'static str, piece: &'static str) -> LeanConnection {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let pieces = piece.repeat(10_000 / piece.len());
        while stream.write_all(pieces.as_bytes()).await.is_ok() {}
    });
    connect(address).await.unwrap()
}

#[tokio::test]
async fn an_answer_without_end_takes_no_more_memory_the_longer_it_lasts() {
    let chunked = "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n";
    for (beginning, piece, ends, keep) in [
        ("HTTP/1.1 500 Oh\r\n\r\n", "x", None, KeepBody::Start),
        ("HTTP/1.1 500 Oh\r\n\r\n", "x", None, KeepBody::Whole),
        (chunked, "1\r\nx\r\n", None, KeepBody::Whole),
        ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", None, KeepBody::Whole),
        (
            "HTTP/1.1 500 Oh\r\n",
            "x: y\r\n",
            Some("the answer is not valid HTTP: it has too many headers"),
            KeepBody::Start,
        ),
        ("HTTP/1.1 500 ", "x", Some("the answer is not valid HTTP: its head is too long"), KeepBody::Start),
        (
            chunked,
            "0;x=y",
            Some("500, but the answer is not valid HTTP: a chunk begins with an endless line"),
            KeepBody::Start,
        ),
        (
            "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "x: y\r\n",
            Some("500, but the answer is not valid HTTP: its trailers are too long"),
            KeepBody::Start,
        ),
    ] {
        let mut connection = serve_endlessly(beginning, piece).await;
        let exchange = connection.exchange(REQUEST, false, |_| keep);
        let ended = tokio::time::timeout(std::time::Duration::from_millis(400), exchange).await;
        match (ends, ended) {
            (None, Err(_)) => {}
            (Some(said), Ok(Err(error))) => assert_eq!(error.to_string(), said),
            (_, ended) => panic!("{beginning:?} {piece:?}: {ended:?}"),
        }
        let memory = connection.received.capacity() + connection.kept.bytes().len();
        let most = if keep == KeepBody::Whole { MOST_BODY_BYTES } else { 2 * reply::MOST_HEAD_BYTES };
        assert!(memory <= most, "{beginning:?} {piece:?}: {memory}");
    }
}
