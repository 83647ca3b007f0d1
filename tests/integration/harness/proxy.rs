//! A TCP proxy between an instance and its database that breaks on purpose.
//!
//! It reads the client's side of the MySQL protocol as far as the borders between packets, so that it knows which bytes
//! are one command: a packet is a length of three bytes, a sequence number, and the payload, whose first byte names the
//! command (<https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>). A command begins with sequence number
//! 0; what a client sends with another one belongs to the handshake.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use storemgr::db::{Address, Servers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How late a late COMMIT is: long enough to look for the order many times.
const LATE: Duration = Duration::from_millis(300);

/// The first byte of a command that runs a text.
const QUERY: u8 = 0x03;

/// The first bytes of the commands that prepare a text, and that run a prepared one.
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;

/// The commands that get an answer and that the store sends: query, ping, prepare, execute.
const ANSWERED: [u8; 4] = [QUERY, 0x0e, PREPARE, EXECUTE];

/// Errors that a database or something before it may answer to any statement: not known, deadlock, error during the
/// commit, certification, held row, read-only, interrupted, shutting down, full, killed.
pub const ERRORS: [u16; 10] = [1105, 1213, 1180, 3101, 1205, 1290, 1317, 1053, 1114, 1927];

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Passes everything on.
    None,
    /// Closes every connection and every new one at once.
    Refuse,
    /// Holds everything back, in both directions, until the fault is over.
    Freeze,
    /// Passes one COMMIT on to the database and keeps its answer back: the connection breaks. Then works again.
    BreakAfterCommit,
    /// Breaks the connection instead of passing one COMMIT on. Then works again.
    BreakBeforeCommit,
    /// Breaks the connection at one COMMIT, which reaches the database a little later all the same. Then works again.
    CommitLate,
    /// Passes one COMMIT on and answers this error in place of OK. Then works again.
    ErrorAfterCommit(u16),
    /// Answers this error to one COMMIT and does not pass it on. Then works again.
    ErrorInsteadOfCommit(u16),
    /// Answers this error to every ROLLBACK and does not pass it on.
    ErrorToRollbacks(u16),
    /// Passes so many statements of one text of several writing ones on, and leaves the rest out. Then works again.
    LeaveOutAfter(usize),
    /// Answers this error to every statement.
    ErrorToAll(u16),
    /// Answers this error to every statement that changes rows; what only reads is passed on.
    ErrorToWrites(u16),
    /// Takes everything that comes over connections that are open now, and never passes it on or answers. New
    /// connections work. Once set back, the connections that were swallowed stay so.
    SwallowOpen,
    /// Something of all this, at random, to any statement.
    Random,
    /// Passes so many statements on, and breaks the connection at the next one. Then works again.
    AtStatement(u32, Breakage),
}

/// How a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// It is closed, and the statement is not passed on.
    Before,
    /// The statement is passed on, and the connection is closed before its answer.
    After,
    /// It stays open, and nothing passes any more, in either direction: the machine at its other end is gone.
    Silence,
}

/// A running proxy; it ends with the test's runtime.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    fault: Arc<watch::Sender<Fault>>,
}

impl Proxy {
    /// Starts a proxy before a database.
    pub async fn before(address: &Address) -> Self {
        Self::start(address, None).await
    }

    /// The same, and clients are told another connection number than the server's own, as by a router.
    pub async fn renumbering(address: &Address, connection_id: u32) -> Self {
        Self::start(address, Some(connection_id)).await
    }

    async fn start(address: &Address, connection_id: Option<u32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::new(watch::Sender::new(Fault::None));
        let upstream = address.servers.to_string();
        let faults = Arc::clone(&fault);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), Arc::clone(&faults), connection_id));
            }
        });
        Self { port, fault }
    }

    /// From now on does this.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Whether a fault that happens once has happened.
    pub fn is_over(&self) -> bool {
        *self.fault.borrow() == Fault::None
    }

    /// The address of a database, led through the proxy.
    pub fn address(&self, address: Address) -> Address {
        Address { servers: Servers::one("127.0.0.1", self.port), ..address }
    }

    /// The environment variables of a database, led through the proxy.
    pub fn variables(&self, mut variables: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        for (name, value) in &mut variables {
            match *name {
                "DB_HOST" => "127.0.0.1".clone_into(value),
                "DB_PORT" => *value = self.port.to_string(),
                _ => {}
            }
        }
        variables
    }
}

/// What happens to one command.
enum Step {
    Pass,
    /// The connection breaks, and the command is not passed on.
    Cut,
    /// The command is passed on, and the connection breaks before its answer.
    CutAfter,
    /// The same, and the command arrives late.
    CutAndPassLate,
    Delay(Duration),
    /// Something else is passed on.
    PassInstead(Vec<u8>),
    /// An error in place of the command.
    Error(u16),
    /// An error in place of the answer.
    ErrorAfter(u16),
    /// From now on nothing passes any more, in either direction.
    Swallow,
}

/// Carries the bytes of one connection until it ends or is broken.
async fn carry(
    mut client: TcpStream,
    upstream: String,
    fault: Arc<watch::Sender<Fault>>,
    mut connection_id: Option<u32>,
) {
    let mut changes = fault.subscribe();
    if *changes.borrow_and_update() == Fault::Refuse {
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    let (mut packets, mut prepared) = (Packets::default(), PreparedWrites::default());
    let (mut cut, mut swallowed, mut error) = (false, false, None);
    loop {
        tokio::select! {
            biased;
            open = changes.changed() => {
                let now = *changes.borrow_and_update();
                if open.is_err() || now == Fault::Refuse {
                    return;
                }
                swallowed |= now == Fault::SwallowOpen;
            }
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                if thawed(&fault).await == Fault::Refuse {
                    return;
                }
                if swallowed {
                    continue;
                }
                packets.0.extend_from_slice(&from_client[..length]);
                while let Some(mut packet) = packets.next() {
                    match step(&fault, &packet, prepared.changes_rows(&packet)) {
                        Step::Pass => {}
                        Step::Cut => return,
                        Step::CutAfter => cut = true,
                        Step::CutAndPassLate => {
                            tokio::spawn(pass_late(server, packet));
                            return;
                        }
                        Step::Delay(time) => tokio::time::sleep(time).await,
                        Step::Error(code) => {
                            if client.write_all(&error_packet(code)).await.is_err() {
                                return;
                            }
                            continue;
                        }
                        Step::ErrorAfter(code) => error = Some(code),
                        Step::PassInstead(other) => packet = other,
                        Step::Swallow => {
                            swallowed = true;
                            break;
                        }
                    }
                    if server.write_all(&packet).await.is_err() {
                        return;
                    }
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if thawed(&fault).await == Fault::Refuse || cut {
                    return;
                }
                let bytes = &mut from_server[..length];
                prepared.answered(bytes);
                if let Some(id) = connection_id.take() {
                    renumber(bytes, id);
                }
                let written = match error.take() {
                    _ if swallowed => Ok(()),
                    Some(code) => client.write_all(&error_packet(code)).await,
                    None => client.write_all(bytes).await,
                };
                if written.is_err() {
                    return;
                }
            }
        }
    }
}

/// Bytes that came from a client and are not yet a whole packet.
#[derive(Default)]
struct Packets(Vec<u8>);

impl Packets {
    fn next(&mut self) -> Option<Vec<u8>> {
        let &[low, middle, high, _sequence, ..] = self.0.as_slice() else { return None };
        let length = 4 + u32::from_le_bytes([low, middle, high, 0]) as usize;
        (self.0.len() >= length).then(|| self.0.drain(..length).collect())
    }
}

/// Which prepared statements of a connection change rows.
#[derive(Default)]
struct PreparedWrites {
    ids: Vec<[u8; 4]>,
    /// A text that changes rows was sent to be prepared, and its number is awaited.
    awaited: bool,
}

impl PreparedWrites {
    fn changes_rows(&mut self, packet: &[u8]) -> bool {
        let &[_, _, _, 0, command, ref text @ ..] = packet else { return false };
        let code = text.split(|&byte| byte == b'\n').find(|line| !line.starts_with(b"--")).unwrap_or_default();
        let writes = [&b"INSERT"[..], b"UPDATE", b"DELETE"].iter().any(|verb| code.starts_with(verb));
        match command {
            QUERY => writes,
            PREPARE => {
                self.awaited = writes;
                writes
            }
            EXECUTE => self.ids.iter().any(|id| text.starts_with(id)),
            _ => false,
        }
    }

    /// The answer to a preparation begins with a zero and the statement's number.
    fn answered(&mut self, bytes: &[u8]) {
        if let [_, _, _, _, 0, id @ ..] = bytes
            && let Some(&id) = id.first_chunk()
            && std::mem::take(&mut self.awaited)
        {
            self.ids.push(id);
        }
    }
}

/// What happens to a packet of the client under the fault of this moment.
fn step(fault: &watch::Sender<Fault>, packet: &[u8], writes: bool) -> Step {
    let &[_, _, _, 0, command, ref text @ ..] = packet else { return Step::Pass };
    let says = |sql: &[u8]| command == QUERY && text == sql;
    let commits = says(b"COMMIT");
    let now = *fault.borrow();
    if now == Fault::Random && ANSWERED.contains(&command) {
        return random_step(commits);
    }
    match now {
        Fault::LeaveOutAfter(statements) if writes && text.contains(&b';') && take(fault, now) => {
            let passed: Vec<_> = text.split(|&byte| byte == b';').take(statements).collect();
            let text = [&[QUERY], passed.join(&b';').as_slice()].concat();
            let mut packet = (text.len() as u32).to_le_bytes()[..3].to_vec();
            packet.push(0);
            packet.extend(text);
            return Step::PassInstead(packet);
        }
        Fault::ErrorToRollbacks(code) if says(b"ROLLBACK") => return Step::Error(code),
        Fault::AtStatement(left, breakage) if ANSWERED.contains(&command) => return count_down(fault, left, breakage),
        Fault::ErrorToAll(code) if ANSWERED.contains(&command) => return Step::Error(code),
        Fault::ErrorToWrites(code) if writes => return Step::Error(code),
        _ => {}
    }
    if !commits || !take(fault, now) {
        return Step::Pass;
    }
    match now {
        Fault::BreakAfterCommit => Step::CutAfter,
        Fault::BreakBeforeCommit => Step::Cut,
        Fault::CommitLate => Step::CutAndPassLate,
        Fault::ErrorAfterCommit(code) => Step::ErrorAfter(code),
        Fault::ErrorInsteadOfCommit(code) => Step::Error(code),
        _ => Step::Pass,
    }
}

/// Counts a statement, and breaks the connection at the last one.
fn count_down(fault: &watch::Sender<Fault>, left: u32, breakage: Breakage) -> Step {
    if let Some(left) = left.checked_sub(1) {
        fault.send_replace(Fault::AtStatement(left, breakage));
        return Step::Pass;
    }
    fault.send_replace(Fault::None);
    match breakage {
        Breakage::Before => Step::Cut,
        Breakage::After => Step::CutAfter,
        Breakage::Silence => Step::Swallow,
    }
}

/// Of every hundred statements some ten have a fate, of every hundred COMMITs some twenty.
fn random_step(commits: bool) -> Step {
    let mut random = rand::rng();
    let code = ERRORS[random.random_range(0..ERRORS.len())];
    match random.random_range(0..1000) {
        0..10 => Step::Cut,
        10..20 => Step::CutAfter,
        20..50 => Step::Delay(Duration::from_millis(random.random_range(1..400))),
        50..53 => Step::Swallow,
        53..70 => Step::Error(code),
        70..160 if commits => Step::ErrorAfter(code),
        160..180 if commits => Step::CutAndPassLate,
        _ => Step::Pass,
    }
}

/// Waits while everything is frozen; gives what holds then.
async fn thawed(fault: &watch::Sender<Fault>) -> Fault {
    let mut changes = fault.subscribe();
    changes.wait_for(|fault| *fault != Fault::Freeze).await.map_or(Fault::Refuse, |fault| *fault)
}

async fn pass_late(mut server: TcpStream, packet: Vec<u8>) {
    tokio::time::sleep(LATE).await;
    drop(server.write_all(&packet).await);
    tokio::time::sleep(LATE).await;
}

/// An error as the server answers it to a command.
fn error_packet(code: u16) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend(code.to_le_bytes());
    payload.extend(b"#HY000the proxy says so");
    let mut packet = (payload.len() as u32).to_le_bytes()[..3].to_vec();
    packet.push(1);
    packet.extend(payload);
    packet
}

/// Changes the connection number in the server's greeting: it follows the version, which ends with a zero byte.
fn renumber(greeting: &mut [u8], id: u32) {
    let version = 5;
    let Some(end) = greeting.iter().skip(version).position(|&byte| byte == 0) else { return };
    let start = version + end + 1;
    greeting[start..start + 4].copy_from_slice(&id.to_le_bytes());
}

/// Whether this fault happens once, and now; it is over then.
fn take(fault: &watch::Sender<Fault>, wanted: Fault) -> bool {
    let once = matches!(
        wanted,
        Fault::BreakAfterCommit
            | Fault::BreakBeforeCommit
            | Fault::CommitLate
            | Fault::ErrorAfterCommit(_)
            | Fault::ErrorInsteadOfCommit(_)
            | Fault::LeaveOutAfter(_)
    );
    once && fault.send_if_modified(|fault| {
        let happens = *fault == wanted;
        if happens {
            *fault = Fault::None;
        }
        happens
    })
}
