//! `connections-encrypted`: what goes to a database on another machine cannot be read or changed on the way.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "connections-encrypted",
    expected: "connections to a database on another machine are encrypted, and its certificate is checked",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(std::future::ready(check(deployment))))),
};

fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.database_address()?;
    let elsewhere = address.servers.all().iter().find(|server| !is_here(&server.host));
    let Some(server) = elsewhere else { return Ok(CheckOutcome::pass("the database is on this machine")) };
    Ok(match &address.tls {
        Some(tls) if !tls.insecure => CheckOutcome::pass("DB_TLS is verify"),
        Some(_) => CheckOutcome::warn(
            "DB_TLS is require: the connection is encrypted with whoever answers",
            "set DB_TLS to verify, and DB_TLS_CA to the certificate of the server's authority",
        ),
        None => CheckOutcome::warn(
            format!("{} is reached in clear", server.host),
            "on a network that others share, set DB_TLS to verify: orders can be read there, and who answers in place of \
             MySQL gets the password, for nothing shows whose key it is encrypted with",
        ),
    })
}

/// Whether a name is that of this machine.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn this_machine_is_known_by_its_names() {
        for (host, here) in
            [("localhost", true), ("127.0.0.1", true), ("::1", true), ("db", false), ("10.0.0.1", false)]
        {
            assert_eq!(is_here(host), here, "{host}");
        }
    }
}
