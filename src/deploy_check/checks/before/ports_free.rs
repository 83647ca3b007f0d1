//! `ports-free`: the ports to be published are free, or held by a container of this deployment.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Compose, Files, Published, find, run};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "ports-free",
    expected: "no other program listens on a port that the compose file publishes, and no two services publish the same",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

/// The longest wait for a connection to a port of this machine.
const PATIENCE: Duration = Duration::from_millis(500);

/// Files by which container engines mark the inside of a container.
const MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Whether this process runs in a container with a network of its own, where the machine's ports cannot be checked.
fn has_no_network() -> bool {
    let interfaces = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let others = interfaces.filter(|interface| interface.file_name() != "lo").count();
    others == 0 && MARKS.iter().any(|mark| Path::new(mark).exists())
}

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    if has_no_network() {
        return Err(CheckOutcome::skip(
            "this container does not see the machine's network",
            "run the check outside of the container",
        ));
    }
    // Services with a profile are started only when they are named.
    let services = compose.services.iter().filter(|service| service.profiles.is_empty());
    let published: Vec<_> = services.flat_map(|one| one.published.iter().map(move |port| (&one.name, port))).collect();
    if published.is_empty() {
        return Err(CheckOutcome::skip("no service publishes a port", "nothing to do"));
    }
    let mut wrong = Vec::new();
    let mut claimed = BTreeSet::new();
    let mut own = Vec::new();
    for (service, port) in &published {
        if !claimed.insert((port.address.as_str(), port.port)) {
            wrong.push(format!("port {} is published twice, by {service} too", port.port));
        } else if is_taken(port) {
            if is_own(compose, port.port).await {
                own.push(port.port.to_string());
            } else {
                wrong.push(format!("port {} of {service} is in use", port.port));
            }
        }
    }
    if !wrong.is_empty() {
        let advice = "stop what listens there (`ss -ltnp` names it), or publish another port";
        return Ok(CheckOutcome::fail(wrong.join("\n"), advice));
    }
    let held = if own.is_empty() { String::new() } else { format!("; this deployment holds {}", own.join(", ")) };
    Ok(CheckOutcome::pass(format!("{} ports{held}", published.len())))
}

fn is_taken(port: &Published) -> bool {
    let address = if port.address.is_empty() { "0.0.0.0" } else { &port.address };
    match TcpListener::bind((address, port.port)) {
        Ok(_) => false,
        Err(error) if error.kind() == ErrorKind::AddrInUse => true,
        // Only root may open the port, or the address is not this machine's: try to connect instead.
        Err(_) => {
            let address = if address == "0.0.0.0" { "127.0.0.1" } else { address };
            let addresses = (address, port.port).to_socket_addrs().into_iter().flatten();
            addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
        }
    }
}

/// Whether a container of the same compose project holds the port, as during a redeployment.
async fn is_own(compose: &Compose, port: u16) -> bool {
    let Some(docker) = find("docker") else { return false };
    let (publish, label) = (format!("publish={port}"), format!("label=com.docker.compose.project={}", compose.project));
    let output = run(&docker, &["ps", "--quiet", "--filter", &publish, "--filter", &label]).await;
    output.is_ok_and(|output| output.succeeded && !output.result.trim().is_empty())
}
