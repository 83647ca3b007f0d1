//! `database-version`: the SQL is written for this version, and tested on it.

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "database-version",
    expected: "MySQL 8.4 or newer, or MariaDB 10.11 or newer",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let facts = surroundings.session().await?.server_facts().await;
    let facts = facts.map_err(|error| Outcome::fail(error.to_string(), "see the database's log"))?;
    // MariaDB's own text names it.
    let kind = if facts.is_mariadb() { "" } else { "MySQL " };
    let seen = format!("{kind}{}", facts.version);
    if facts.is_supported() {
        return Ok(Outcome::pass(seen));
    }
    Ok(Outcome::fail(seen, "upgrade the database; storemgr is not tested on this version"))
}
