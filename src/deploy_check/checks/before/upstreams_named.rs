//! `upstreams-named`: nginx passes requests to all instances and to nothing else.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, places, port_of, wrong_addresses};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "upstreams-named",
    expected: "nginx's upstream lists every instance of the compose file at its port, and nothing else",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let nginx = files.nginx()?;
    let instances = files.instances()?;
    let servers: Vec<_> = nginx.servers().into_iter().map(|server| (server.host, server.port)).collect();
    let unseen = nginx.unseen();
    if let (true, Some(unseen)) = (servers.is_empty(), &unseen) {
        return Err(CheckOutcome::skip(format!("upstreams may be defined in {unseen}"), "see front-reaches-instances"));
    }
    if servers.is_empty() {
        return Ok(CheckOutcome::fail(
            "nginx passes requests to no server",
            "add a proxy_pass to an upstream that lists the instances",
        ));
    }
    let wrong = wrong_addresses(&instances, &servers, |one| vec![port_of(one)], "nginx", unseen.is_none());
    if wrong.is_empty() {
        return Ok(
            CheckOutcome::pass(format!("{} servers, {} instances", servers.len(), instances.len())).with_unseen(unseen)
        );
    }
    let path = nginx.path.display();
    Ok(CheckOutcome::fail(
        wrong.join("\n"),
        format!("correct the upstream in {path}: the instances are {}", places(&instances)),
    ))
}
