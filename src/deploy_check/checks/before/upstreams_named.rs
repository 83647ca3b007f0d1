//! `upstreams-named`: nginx passes requests to the instances, to all of them, and to nobody else.

use crate::deploy_check::checks::{Check, Probe, told};
use crate::deploy_check::files::{Files, places, port_of, strangers};
use crate::deploy_check::finding::Outcome;

pub(crate) const CHECK: Check = Check {
    id: "upstreams-named",
    expected: "nginx's upstream lists every instance of the compose file at its port, and nothing else",
    probe: Probe::Files(|files| told(check(files))),
};

fn check(files: &Files) -> Result<Outcome, Outcome> {
    let nginx = files.nginx()?;
    let instances = files.instances()?;
    let servers: Vec<_> = nginx.servers().into_iter().map(|server| (server.host, server.port)).collect();
    let unseen = nginx.unseen();
    if let (true, Some(unseen)) = (servers.is_empty(), &unseen) {
        return Err(Outcome::skip(format!("upstreams may stand in {unseen}"), "see front-reaches-instances"));
    }
    if servers.is_empty() {
        return Ok(Outcome::fail(
            "nginx passes requests to nobody",
            "add a proxy_pass to an upstream of the instances",
        ));
    }
    let wrong = strangers(&instances, &servers, |one| vec![port_of(one)], "nginx", unseen.is_none());
    if wrong.is_empty() {
        return Ok(
            Outcome::pass(format!("{} servers, {} instances", servers.len(), instances.len())).with_unseen(unseen)
        );
    }
    let path = nginx.path.display();
    Ok(Outcome::fail(
        wrong.join("\n"),
        format!("correct the upstream in {path}: the instances are {}", places(&instances)),
    ))
}
