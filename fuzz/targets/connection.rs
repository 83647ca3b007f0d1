//! Any bytes on a connection: the store answers, or closes the connection, and never with a 500.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storemgr_fuzz::{LAST_REQUEST, Server};

thread_local! {
    static SERVER: Server = Server::start();
}

fuzz_target!(|bytes: &[u8]| {
    let answers = SERVER.with(|server| server.exchange(&[bytes, LAST_REQUEST].concat()));
    // An answer has the version of its request.
    assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answers));
    for defect in [b"HTTP/1.1 500", b"HTTP/1.0 500"] {
        assert!(!answers.windows(defect.len()).any(|part| part == defect), "{}", String::from_utf8_lossy(&answers));
    }
});
