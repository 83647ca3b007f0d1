//! Servers that end with the test run, whatever ends it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A port of the loopback interface that nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a program that is killed when this process ends, even when it is killed itself; gives its process number.
///
/// The kernel sends the signal when the *thread* that started the child ends, so that thread stays.
pub fn start_tethered(program: &str, arguments: &[String], log: &Path) -> u32 {
    let log = std::fs::File::create(log).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]).args(arguments);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut child = command.spawn().expect("setpriv (util-linux) starts programs");
        sender.send(child.id()).unwrap();
        child.wait().unwrap();
    });
    receiver.recv().unwrap()
}

/// Waits until a server that was just started accepts connections.
pub fn wait_for_port(name: &str, port: u16, log: &Path) {
    wait_for_address(name, ("127.0.0.1", port), log);
}

/// The same on any address.
#[expect(clippy::disallowed_methods, reason = "runs on a thread that may block")]
pub fn wait_for_address(name: &str, address: (&str, u16), log: &Path) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "{name} did not start: see {}", log.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for a condition, a minute at most: a machine may be slow, and a test that hangs says nothing.
pub async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !condition().await {
        assert!(Instant::now() < deadline, "waited a minute for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
