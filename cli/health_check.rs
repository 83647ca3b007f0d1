//! `storemgr serve --health-check`: whether the instance on this machine is ready, for images that have no shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use storemgr::net::{self, Target};
use storemgr::process::Exit;
use storemgr::units;

use crate::failure::{CommandResult, Failure};
use crate::output;

/// Longer than an instance takes to say that its database is away (0.9 s), shorter than any engine waits for a health
/// check.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks `/ready`, at the address for probes if there is one. The container engine keeps the printed sentence with its
/// verdict.
pub(crate) async fn run(listen: SocketAddr, probe_listen: Option<SocketAddr>) -> CommandResult {
    let target = Target::parse(&reachable(probe_listen.unwrap_or(listen)).to_string()).map_err(Failure::usage)?;
    let answer = net::request_once(&target, hyper::Method::GET, "/ready", &[], Vec::new(), PATIENCE).await;
    let (sentence, exit) = match answer {
        Ok(answer) if answer.status.as_u16() == 200 => ("ready".to_owned(), Exit::Good),
        Ok(answer) => {
            (format!("not ready: {} {}", answer.status.as_u16(), units::printable(&answer.text())), Exit::Bad)
        }
        Err(error) => (format!("{target} does not answer: {error}"), Exit::Bad),
    };
    output::say(&sentence)?;
    Ok(exit)
}

/// An instance that listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let host = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(host, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_on_all_addresses_is_asked_on_loopback() {
        for (listen, asked) in
            [("0.0.0.0:5000", "127.0.0.1:5000"), ("[::]:5000", "[::1]:5000"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
