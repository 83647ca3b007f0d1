//! `database-reachable`: the database accepts our account.

use crate::db::Session;
use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "database-reachable",
    expected: "the database accepts a connection of the store's account",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let address = surroundings.database_address()?;
    let place = format!("{}:{}", address.host, address.port);
    match Session::connect(address, surroundings.timeout).await {
        Ok(_) => Ok(Outcome::pass(format!("{place}, database {}, as {}", address.name, address.user))),
        Err(error) => Ok(Outcome::fail(
            format!("{place}: {error}"),
            "see that the database runs there, and that DB_USER, DB_PASSWORD and DB_NAME are those of this deployment",
        )),
    }
}
