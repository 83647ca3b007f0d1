//! `front-encrypted`: other machines reach the store by TLS only. In clear, whoever is on the way reads orders and tokens.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Nginx, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "front-encrypted",
    expected: "the store is published with TLS, or on this machine's loopback address only",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let instances = files.instances()?;
    let configurations = files.nginx().unwrap_or_default();
    let of =
        |service: &Service| configurations.iter().find(|one| one.service.as_deref() == Some(&service.name)).copied();
    let is_instance = |service: &Service| instances.iter().any(|instance| instance.name == service.name);
    let asks = instances.iter().any(|instance| asks_for_tokens(instance));
    let mut faults = Vec::new();
    let mut published = 0;
    for service in &compose.services {
        let nginx = of(service);
        if !is_instance(service) && nginx.is_none() {
            continue;
        }
        for port in service.published.iter().filter(|port| port.is_beyond_this_machine()) {
            published += 1;
            if nginx.is_some_and(|nginx| is_harmless(nginx, port.inside)) {
                continue;
            }
            let says = format!("{} is reached in clear on port {}", service.name, port.port);
            let place = Some(port.place.clone());
            // Who believes a proxy has one in front, and TLS ends there.
            let behind_a_proxy = nginx.is_some_and(|nginx| !nginx.named("set_real_ip_from").is_empty());
            faults.push(match (asks, behind_a_proxy) {
                (true, false) => Fault::error(place, format!("{says}, and so are its tokens")),
                _ => Fault::warning(place, says),
            });
        }
    }
    let advice = "publish the port on 127.0.0.1, or set STOREMGR_TLS_NAME (docs/deploy.md, TLS)";
    Ok(CheckOutcome::of(faults, advice, || match published {
        0 => "published on this machine only".to_owned(),
        _ => format!("{published} ports that other machines reach, none in clear"),
    }))
}

/// Whether what comes in at a port of nginx is encrypted, or is only sent elsewhere. A port on which no file says that it
/// listens is not judged.
fn is_harmless(nginx: &Nginx, port: u16) -> bool {
    let doors = nginx.doors();
    doors.iter().filter(|door| door.port == port).all(|door| door.tls || !door.passes)
}

fn asks_for_tokens(instance: &Service) -> bool {
    instance.setting("--tokens-file", "STOREMGR_TOKENS_FILE").is_some_and(|file| !file.trim().is_empty())
}
