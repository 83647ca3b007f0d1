//! `client-addresses`: nginx knows clients by their own addresses. It must not believe anybody who says to speak for another,
//! and it must believe the proxy that stands before it: otherwise all clients share one address, and one limit.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Nginx, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::reach::host_and_port;

pub(crate) const CHECK: Check = Check {
    id: "client-addresses",
    expected: "nginx believes named proxies alone, and limits clients by their own addresses",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.nginx()?;
    let mut faults = Vec::new();
    let mut proxies = 0;
    for nginx in &configurations {
        for believed in nginx.named("set_real_ip_from") {
            proxies += 1;
            if believed.argument(0).ends_with("/0") {
                let says =
                    format!("it believes everybody ({}): each client names the address it likes", believed.argument(0));
                faults.push(Fault::error(Some(believed.place.clone()), says));
            }
        }
        faults.extend(shared_limit(files, nginx));
    }
    let unseen = configurations.iter().find_map(|nginx| nginx.unseen());
    let advice = "set_real_ip_from (here: STOREMGR_PROXIES) names the proxies in front, and nobody else";
    let outcome = CheckOutcome::of(faults, advice, || match proxies {
        0 => "nobody's word for a client's address is believed".to_owned(),
        _ => format!("{proxies} proxies or ranges are believed"),
    });
    Ok(outcome.with_unseen(unseen))
}

/// A limit by the address of a client, where that of a proxy is seen.
fn shared_limit(files: &Files, nginx: &Nginx) -> Option<Fault> {
    let limit = nginx.named("limit_req").into_iter().next()?;
    let name = limit.arguments.iter().find_map(|word| word.text.strip_prefix("zone="))?;
    let is_zone = |word: &str| word.strip_prefix("zone=").is_some_and(|zone| zone.split(':').next() == Some(name));
    let zones = nginx.named("limit_req_zone");
    let zone = zones.into_iter().find(|zone| zone.arguments.iter().any(|word| is_zone(&word.text)))?;
    if !nginx.named("set_real_ip_from").is_empty() || !is_by_address(nginx, zone.argument(0)) {
        return None;
    }
    let proxy = proxy_before(files, nginx)?;
    let says = format!("the limit is for each address, and all clients have that of {proxy}");
    Some(Fault::warning(Some(zone.place.clone()), says))
}

/// Whether a key is the address of the client, itself or by a `map`.
fn is_by_address(nginx: &Nginx, key: &str) -> bool {
    let is_address = |text: &str| matches!(text, "$binary_remote_addr" | "$remote_addr");
    let maps = nginx.named("map");
    let mapped = maps.iter().filter(|map| map.argument(1) == key).flat_map(|map| &map.block);
    is_address(key) || mapped.into_iter().any(|value| is_address(value.argument(0)))
}

/// What stands before nginx, as far as the files show it.
fn proxy_before(files: &Files, nginx: &Nginx) -> Option<String> {
    let compose = files.compose().ok()?;
    let own = compose.service(nginx.service.as_deref()?)?;
    let other = |service: &&Service| {
        let configurations = files.nginx().unwrap_or_default();
        let passes = configurations.iter().filter(|one| one.service.as_deref() == Some(&service.name));
        let of_nginx = passes.flat_map(|one| one.passes()).any(|pass| own.answers_to(&pass.host));
        let fronts = files.fronts();
        let of_front = fronts.iter().filter(|front| front.service == service.name).flat_map(|front| &front.targets);
        of_nginx || of_front.into_iter().any(|target| own.answers_to(&host_and_port(&target.address).0))
    };
    let before = compose.services.iter().filter(|service| service.name != own.name).find(other);
    if let Some(service) = before {
        return Some(service.name.clone());
    }
    let closed = !own.published.is_empty() && own.published.iter().all(|port| !port.is_beyond_this_machine());
    closed.then(|| "whatever passes them on to this machine's loopback address".to_owned())
}
