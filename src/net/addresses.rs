//! The addresses of a name: all are used in turn, and what became of each is counted.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use super::{NetError, Target};

/// How long an address has to accept before the next one is tried as well (RFC 8305, section 5).
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// A name, the addresses that it has now, and those that it had.
#[derive(Debug)]
pub(super) struct Addresses {
    host: String,
    port: u16,
    /// Our own addresses, used in turn; empty if the operating system chooses.
    sources: Vec<IpAddr>,
    /// The addresses of the last look-up.
    current: Mutex<Vec<Arc<Tally>>>,
    /// All addresses of all look-ups.
    all: Mutex<Vec<Arc<Tally>>>,
    turns: AtomicUsize,
    /// How long each look-up took.
    look_ups: Mutex<Vec<Duration>>,
}

/// What became of one address.
#[derive(Debug)]
pub(super) struct Tally {
    address: SocketAddr,
    connections: AtomicU64,
    failures: AtomicU64,
    requests: AtomicU64,
    /// Why the first attempt failed.
    why: Mutex<Option<String>>,
}

/// What became of one address in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressUse {
    /// The address and port.
    pub address: SocketAddr,
    /// Connections that were opened to it.
    pub connections: u64,
    /// Attempts that failed, or that one to another address overtook although it began later.
    pub failures: u64,
    /// Requests that were sent over those of its connections that are closed.
    pub requests: u64,
    /// Why the first attempt failed; None if none did.
    pub why: Option<String>,
}

impl Tally {
    pub(super) fn add_requests(&self, requests: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    fn failed(&self, error: &NetError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        lock(&self.why).get_or_insert_with(|| error.to_string());
    }
}

impl Addresses {
    pub(super) fn of(target: &Target, sources: Vec<IpAddr>) -> Self {
        Self {
            host: target.host_name().to_owned(),
            port: target.port(),
            sources,
            current: Mutex::default(),
            all: Mutex::default(),
            turns: AtomicUsize::new(0),
            look_ups: Mutex::default(),
        }
    }

    /// Looks the name up, again if it was before. If that fails, the addresses stay as they are.
    pub(super) async fn look_up(&self) -> Result<(), NetError> {
        let unresolved = || NetError::Unresolved { host: self.host.clone() };
        let start = Instant::now();
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(|_| unresolved())?;
        let mut addresses: Vec<_> = found.collect();
        let took = start.elapsed();
        let mut seen = BTreeSet::new();
        addresses.retain(|address| seen.insert(*address));
        if !self.sources.is_empty() {
            addresses.retain(|address| self.sources.iter().any(|own| own.is_ipv4() == address.is_ipv4()));
        }
        if addresses.is_empty() {
            return Err(unresolved());
        }
        lock(&self.look_ups).push(took);
        self.replace(addresses);
        Ok(())
    }

    fn replace(&self, addresses: Vec<SocketAddr>) {
        let mut all = lock(&self.all);
        let tallies = addresses.into_iter().map(|address| {
            let known = all.iter().find(|tally| tally.address == address).cloned();
            known.unwrap_or_else(|| {
                let (zero, why) = (|| AtomicU64::new(0), Mutex::default());
                let tally = Tally { address, connections: zero(), failures: zero(), requests: zero(), why };
                let tally = Arc::new(tally);
                all.push(Arc::clone(&tally));
                tally
            })
        });
        *lock(&self.current) = tallies.collect();
    }

    /// Connects to the next address in turn, or to one after it.
    pub(super) async fn connect(&self) -> Result<(TcpStream, Arc<Tally>), NetError> {
        if lock(&self.current).is_empty() {
            self.look_up().await?;
        }
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let order: Vec<_> = {
            let current = lock(&self.current);
            (0..current.len()).map(|place| Arc::clone(&current[(turn + place) % current.len()])).collect()
        };
        self.race(order, turn).await
    }

    async fn race(&self, order: Vec<Arc<Tally>>, turn: usize) -> Result<(TcpStream, Arc<Tally>), NetError> {
        let mut left = order.into_iter();
        let mut attempts = FuturesUnordered::new();
        let mut awaited = Awaited::default();
        let mut failure = NetError::Refused;
        loop {
            if let Some(tally) = left.next() {
                awaited.0.push((Arc::clone(&tally), Instant::now()));
                attempts.push(async move { (self.attempt(tally.address, turn).await, tally) });
            } else if attempts.is_empty() {
                return Err(failure);
            }
            let next = tokio::time::sleep(NEXT_AFTER);
            let (result, tally) = tokio::select! {
                biased;
                Some(attempt) = attempts.next() => attempt,
                () = next, if left.len() > 0 => continue,
            };
            let place = awaited.0.iter().position(|(other, _)| Arc::ptr_eq(other, &tally));
            match result {
                Ok(stream) => {
                    tally.connections.fetch_add(1, Ordering::Relaxed);
                    // Those that began before it did not accept in time; those after it might have.
                    awaited.0.truncate(place.unwrap_or(0));
                    return Ok((stream, tally));
                }
                Err(error) => {
                    awaited.0.retain(|(other, _)| !Arc::ptr_eq(other, &tally));
                    tally.failed(&error);
                    failure = error;
                }
            }
        }
    }

    async fn attempt(&self, address: SocketAddr, turn: usize) -> Result<TcpStream, NetError> {
        let own: Vec<_> = self.sources.iter().filter(|own| own.is_ipv4() == address.is_ipv4()).collect();
        let connected = if own.is_empty() {
            TcpStream::connect(address).await
        } else {
            let source = *own[turn % own.len()];
            let bound = if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let bound = bound.and_then(|socket| socket.bind(SocketAddr::new(source, 0)).map(|()| socket));
            bound.map_err(|error| NetError::from_bind(&error, source))?.connect(address).await
        };
        let stream = connected.map_err(|error| NetError::from_connect(&error))?;
        // Requests are sent at once; waiting to combine them would only add latency.
        stream.set_nodelay(true).map_err(|error| NetError::from_connect(&error))?;
        Ok(stream)
    }

    /// What became of each address, in the order in which they were found.
    pub(super) fn uses(&self) -> Vec<AddressUse> {
        let used = |tally: &Arc<Tally>| AddressUse {
            address: tally.address,
            connections: tally.connections.load(Ordering::Relaxed),
            failures: tally.failures.load(Ordering::Relaxed),
            requests: tally.requests.load(Ordering::Relaxed),
            why: lock(&tally.why).clone(),
        };
        lock(&self.all).iter().map(used).collect()
    }

    /// How long each look-up took.
    pub(super) fn look_ups(&self) -> Vec<Duration> {
        lock(&self.look_ups).clone()
    }
}

/// Attempts that have no end yet, in the order of their beginning. Whatever is left when nobody waits any longer had the time
/// after which another address is tried, or has not failed.
#[derive(Default)]
struct Awaited(Vec<(Arc<Tally>, Instant)>);

impl Drop for Awaited {
    fn drop(&mut self) {
        for (tally, began) in &self.0 {
            let after = began.elapsed();
            if after >= NEXT_AFTER {
                tally.failed(&NetError::ConnectTimedOut { after: NEXT_AFTER });
            }
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn named(addresses: Vec<SocketAddr>, sources: Vec<IpAddr>) -> Addresses {
        let all = Addresses::of(&Target::loopback(1), sources);
        all.replace(addresses);
        all
    }

    /// Listens on an address and accepts nothing, which the operating system does in its place.
    async fn listener(ip: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn counts(all: &Addresses) -> Vec<(u64, u64)> {
        all.uses().iter().map(|used| (used.connections, used.failures)).collect()
    }

    #[tokio::test]
    async fn all_addresses_are_used_in_turn_and_one_that_refuses_is_counted() {
        let (_first, first) = listener("127.0.0.1").await;
        let (_second, second) = listener("127.0.0.2").await;
        let (dead, refuses) = listener("127.0.0.3").await;
        drop(dead);
        let all = named(vec![first, second], Vec::new());
        for _ in 0..10 {
            all.connect().await.unwrap();
        }
        assert_eq!(counts(&all), [(5, 0), (5, 0)]);
        all.replace(vec![first, refuses, second]);
        for _ in 0..9 {
            all.connect().await.unwrap();
        }
        let uses = all.uses();
        assert_eq!((uses[2].address, uses[2].connections, uses[2].failures), (refuses, 0, 3));
        assert_eq!(uses[2].why.as_deref(), Some("connection refused"));
        assert_eq!(uses[0].connections + uses[1].connections, 19);
    }

    #[tokio::test]
    async fn an_address_that_moves_is_left_for_the_new_one() {
        let (old, before) = listener("127.0.0.1").await;
        let (_new, after) = listener("127.0.0.2").await;
        let all = named(vec![before], Vec::new());
        all.connect().await.unwrap();
        drop(old);
        assert!(matches!(all.connect().await, Err(NetError::Refused)));
        all.replace(vec![after]);
        all.connect().await.unwrap();
        assert_eq!(counts(&all), [(1, 1), (1, 0)], "what became of the old one stays");
    }

    #[tokio::test]
    async fn our_own_addresses_are_used_in_turn() {
        let (listener, address) = listener("127.0.0.1").await;
        let all = named(vec![address], vec!["127.0.0.5".parse().unwrap(), "127.0.0.6".parse().unwrap()]);
        let mut from = Vec::new();
        for _ in 0..2 {
            let _stream = all.connect().await.unwrap();
            from.push(listener.accept().await.unwrap().1.ip().to_string());
        }
        assert_eq!(from, ["127.0.0.5", "127.0.0.6"]);
        let foreign = named(vec![address], vec!["203.0.113.7".parse().unwrap()]);
        let error = foreign.connect().await.unwrap_err().to_string();
        assert!(error.starts_with("203.0.113.7 cannot be used as our own address"), "{error}");
    }

    #[tokio::test]
    async fn a_silent_address_is_overtaken_and_told() {
        let (full, silent) = listener("127.0.0.1").await;
        // A full queue of a listener lets further connections wait.
        let full = full.into_std().unwrap();
        rustix::net::listen(&full, 0).unwrap();
        let mut waiting = Vec::new();
        for _ in 0..5 {
            let attempt = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(silent)).await;
            let Ok(Ok(stream)) = attempt else { break };
            waiting.push(stream);
        }
        let (_other, other) = listener("127.0.0.2").await;
        let all = named(vec![silent, other], Vec::new());
        all.connect().await.unwrap();
        assert_eq!(counts(&all), [(0, 1), (1, 0)]);
        assert_eq!(all.uses()[0].why.as_deref(), Some("no connection after 250 ms"));
    }
}
