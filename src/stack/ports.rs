//! The ports of 127.0.0.1 on which the processes of a stack listen.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{ProcessName, StackError};

/// The range in which free ports are chosen. It is below the ports that Linux gives to outgoing connections (from 32768),
/// because a load test opens thousands of those, and one could take the port of an instance that is being restarted.
const RANGE: RangeInclusive<u16> = 20_000..=29_999;

/// How many ports of the range are tried before the system is asked for any free port.
const ATTEMPTS: usize = 100;

/// The port of each process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ports(BTreeMap<ProcessName, u16>);

impl Ports {
    /// Assigns a port to each of these processes and keeps those of others: the port in `asked`, otherwise its present port if `usable` allows it, otherwise a
    /// free one.
    pub(super) fn complete(
        &self,
        names: impl Iterator<Item = ProcessName>,
        asked: Option<(ProcessName, u16)>,
        usable: impl Fn(ProcessName, u16) -> bool,
    ) -> Result<Self, StackError> {
        // Kept bound until all are found, so that no port is found twice.
        let mut held = Vec::new();
        let mut ports = self.0.clone();
        for name in names {
            let before = self.0.get(&name).copied();
            let port = match asked.filter(|(asked, _)| *asked == name) {
                Some((_, port)) if before == Some(port) && usable(name, port) => port,
                Some((_, port)) => {
                    held.push(bind(port).map_err(|_| StackError::PortInUse { port })?);
                    port
                }
                None => match before.filter(|port| usable(name, *port)) {
                    Some(port) => port,
                    None => find(&mut held, &ports).map_err(StackError::NoPort)?,
                },
            };
            ports.insert(name, port);
        }
        Ok(Self(ports))
    }

    /// The port of a process; 0 if none was assigned.
    pub(super) fn of(&self, name: ProcessName) -> u16 {
        self.0.get(&name).copied().unwrap_or_default()
    }

    /// The address of a process as `127.0.0.1:PORT`; `None` if no port was assigned.
    pub(super) fn address(&self, name: ProcessName) -> Option<String> {
        self.0.get(&name).map(|port| format!("127.0.0.1:{port}"))
    }
}

/// Whether no process listens on this port of 127.0.0.1.
pub(super) fn is_free(port: u16) -> bool {
    bind(port).is_ok()
}

fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn find(held: &mut Vec<TcpListener>, taken: &BTreeMap<ProcessName, u16>) -> io::Result<u16> {
    for _ in 0..ATTEMPTS {
        let port = rand::rng().random_range(RANGE);
        if taken.values().any(|other| *other == port) {
            continue;
        }
        match bind(port) {
            Ok(listener) => {
                held.push(listener);
                return Ok(port);
            }
            Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error),
        }
    }
    let listener = bind(0)?;
    let port = listener.local_addr()?.port();
    held.push(listener);
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_kept_while_they_can_be() {
        let first = Ports::default().complete(ProcessName::all(2), None, |_, _| true).unwrap();
        let mut distinct: Vec<u16> = first.0.values().copied().collect();
        distinct.dedup();
        assert_eq!(distinct.len(), ProcessName::all(2).count());
        assert_eq!(first.complete(ProcessName::all(2), None, |_, _| true).unwrap(), first);
        let moved = first.complete(ProcessName::all(2), None, |name, _| name != ProcessName::Redis).unwrap();
        assert_ne!(moved.of(ProcessName::Redis), first.of(ProcessName::Redis));
        assert_eq!(moved.of(ProcessName::Nginx), first.of(ProcessName::Nginx));
    }

    #[test]
    fn a_port_that_is_asked_for_and_taken_is_named() {
        let other = bind(0).unwrap();
        let port = other.local_addr().unwrap().port();
        let refused = Ports::default().complete(ProcessName::all(2), Some((ProcessName::Nginx, port)), |_, _| true);
        assert!(matches!(refused, Err(StackError::PortInUse { port: named }) if named == port), "{refused:?}");
    }
}
