//! A hostile server against the load tester's reader of answers: any bytes, in pieces, and then the end.
//!
//! The first byte chooses the size of the pieces, what is kept and whether the request is HEAD.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use storemgr::net::{Dialer, KeepBody, LeanConnection, NetError, Target, Way};
use storemgr_fuzz::runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

thread_local! {
    static SERVER: (Runtime, TcpListener) = {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        (runtime, listener)
    };
}

fuzz_target!(|input: &[u8]| {
    let Some((&mode, bytes)) = input.split_first() else { return };
    let keep = if mode & 1 == 0 { KeepBody::Whole } else { KeepBody::Start };
    let (to_head, piece) = (mode & 2 != 0, [1, 5, 1_024, usize::MAX][usize::from(mode >> 2 & 3)]);
    SERVER.with(|(runtime, listener)| {
        let exchange = async { tokio::join!(answer(listener, bytes, piece), read(listener, bytes, to_head, keep)) };
        let limited = async { tokio::time::timeout(Duration::from_secs(5), exchange).await };
        runtime.block_on(limited).expect("the end of the connection ends every answer");
    });
});

async fn answer(listener: &TcpListener, bytes: &[u8], piece: usize) {
    let (mut stream, _) = listener.accept().await.expect("the client connects");
    let mut request = [0; REQUEST.len()];
    drop(stream.read_exact(&mut request).await);
    for piece in bytes.chunks(piece) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    drop(stream.shutdown().await);
    drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
}

async fn read(listener: &TcpListener, bytes: &[u8], to_head: bool, keep: KeepBody) {
    let address = listener.local_addr().expect("an address");
    let dialer = Dialer::new(&Target::loopback(address.port()), &Way::default()).expect("a way in clear");
    let opened = LeanConnection::open(&dialer, &dialer.caller(), &Arc::default()).await;
    let mut connection = opened.expect("a connection");
    // More answers may follow on the same connection; the server reads further requests and ignores them.
    for _ in 0..3 {
        match connection.exchange(REQUEST, to_head, |_| keep).await {
            Ok(reply) => {
                assert!((200..1_000).contains(&reply.status) || reply.status == 101, "{}", reply.status);
                assert!(!reply.head.is_empty() && bytes.windows(reply.head.len()).any(|part| part == reply.head));
                assert!(reply.header("content-type").count() <= bytes.len());
                if matches!(keep, KeepBody::Whole) {
                    assert_eq!(reply.body.len() as u64, reply.body_bytes);
                }
            }
            Err(NetError::TooLarge { .. }) => return assert!(bytes.len() > 3),
            Err(_) => return,
        }
        if !connection.is_open() {
            return;
        }
        connection.rest();
    }
}
