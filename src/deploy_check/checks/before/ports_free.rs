//! `ports-free`: the ports to be published are free, or held by a container of this deployment.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::Path;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Compose, Files, Published, find, run};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "ports-free",
    expected: "no other program listens on a port that the compose file publishes, and no two services publish the same",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

/// The most ports that are asked for; more are a mistake, or take long.
const MOST: usize = 512;

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
    let services = compose.services.iter().filter(|service| service.active);
    let published: Vec<_> =
        services.flat_map(|one| one.published.iter().map(move |port| (&one.name, port))).take(MOST).collect();
    if published.is_empty() {
        return Err(CheckOutcome::skip("no service publishes a port", "nothing to do"));
    }
    let mut faults = Vec::new();
    let mut claimed: BTreeMap<(bool, u16), Vec<&Published>> = BTreeMap::new();
    let mut own = Vec::new();
    for (service, port) in &published {
        // Of a range any port will do.
        if port.last != port.port {
            continue;
        }
        let others = claimed.entry((port.udp, port.port)).or_default();
        let place = Some(port.place.clone());
        if others.iter().any(|other| collide(other, port)) {
            faults.push(Fault::error(place, format!("port {} is published twice, by {service} too", port.port)));
        } else if is_taken(port) {
            if is_own(compose, port.port).await {
                own.push(port.port.to_string());
            } else {
                faults.push(Fault::error(place, format!("port {} of {service} is in use", port.port)));
            }
        }
        others.push(port);
    }
    let held = if own.is_empty() { String::new() } else { format!("; this deployment holds {}", own.join(", ")) };
    let advice = "stop what listens there (`ss -ltnp` names it), or publish another port";
    Ok(CheckOutcome::of(faults, advice, || format!("{} ports{held}", published.len())))
}

/// Whether two ports of the same number and protocol cannot both be bound.
fn collide(one: &Published, other: &Published) -> bool {
    let plain = |port: &Published| port.address.trim_matches(['[', ']']).to_owned();
    one.is_everywhere() || other.is_everywhere() || plain(one) == plain(other)
}

/// Whether something of this machine holds the port. An address that is not this machine's is not asked: it belongs to the
/// one that the deployment is for.
fn is_taken(port: &Published) -> bool {
    let address: IpAddr = match port.address.trim_matches(['[', ']']) {
        "" | "*" => IpAddr::from([0, 0, 0, 0]),
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        text => match text.parse() {
            Ok(address) => address,
            Err(_) => return false,
        },
    };
    let in_use = |kind: ErrorKind| kind == ErrorKind::AddrInUse;
    if port.udp {
        return UdpSocket::bind((address, port.port)).is_err_and(|error| in_use(error.kind()));
    }
    match TcpListener::bind((address, port.port)) {
        Ok(_) => false,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => is_answered(port.port),
        Err(error) => in_use(error.kind()),
    }
}

/// Only root may open the port: whether something answers there on this machine.
fn is_answered(port: u16) -> bool {
    let patience = std::time::Duration::from_millis(200);
    std::net::TcpStream::connect_timeout(&(IpAddr::from([127, 0, 0, 1]), port).into(), patience).is_ok()
}

/// Whether a container of the same compose project holds the port, as during a redeployment.
async fn is_own(compose: &Compose, port: u16) -> bool {
    let Some(docker) = find("docker") else { return false };
    let (publish, label) = (format!("publish={port}"), format!("label=com.docker.compose.project={}", compose.project));
    let output = run(&docker, &["ps", "--quiet", "--filter", &publish, "--filter", &label]).await;
    output.is_ok_and(|output| output.succeeded && !output.result.trim().is_empty())
}
