//! `account-limited`: whoever takes the store over through a fault of its own can do no more than the store can.

use std::collections::BTreeSet;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "account-limited",
    expected: "the store's account may read and write rows of its schema, change its tables if it migrates, and nothing else",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// What the service does, and what a migration does besides.
const OF_THE_SERVICE: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
const OF_MIGRATIONS: [&str; 3] = ["CREATE", "ALTER", "INDEX"];

/// How many rights are named; the server of MySQL knows some seventy.
const MOST_NAMED: usize = 4;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.database_address()?;
    let grants = deployment.session().await?.grants().await;
    let grants = grants.map_err(|error| CheckOutcome::fail(error.to_string(), "see the database's log"))?;
    let rights = Rights::of(&grants, &address.name);
    let user = &address.user;
    let advice = "REVOKE what is too much: the service needs SELECT, INSERT, UPDATE and DELETE on its schema, and CREATE, ALTER \
                  and INDEX if no other account migrates";
    let mut faults = Vec::new();
    if let Some(rights) = named(&rights.elsewhere) {
        faults.push(Fault::warning(None, format!("{user} has rights beyond its schema: {rights}")));
    }
    // The usual account of an image; `seed --reset` needs one of them.
    if let Some(rights) = named(&rights.surplus) {
        faults.push(Fault::note(None, format!("{user} has more rights on its schema than it needs: {rights}")));
    }
    let tables = if rights.migrates { ", and change tables" } else { "" };
    Ok(CheckOutcome::of(faults, advice, || format!("{user} may read and write rows{tables}")))
}

/// The rights of an account.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rights {
    /// On other schemas, or on the server as a whole.
    elsewhere: BTreeSet<String>,
    /// On the store's schema, and of use to nobody who serves or migrates.
    surplus: BTreeSet<String>,
    /// Whether it may change tables as migrations do.
    migrates: bool,
}

impl Rights {
    /// Reads the server's list. Roles are left out: what they allow is not in it.
    fn of(grants: &[String], schema: &str) -> Self {
        let mut rights = Self::default();
        for grant in grants {
            let Some((granted, rest)) = grant.strip_prefix("GRANT ").and_then(|grant| grant.split_once(" ON ")) else {
                continue;
            };
            let object = rest.split(" TO ").next().unwrap_or_default();
            let place = object.split('.').next().unwrap_or_default().replace(['`', '\\'], "");
            // A table of figures about the server holds no rows of anybody.
            if place == "performance_schema" || place == "information_schema" {
                continue;
            }
            // MySQL leaves the space out between some of them.
            for right in without_columns(granted).split(',').map(str::trim).filter(|right| *right != "USAGE") {
                if place != schema {
                    rights.elsewhere.insert(right.to_owned());
                } else if OF_MIGRATIONS.contains(&right) {
                    rights.migrates = true;
                } else if !OF_THE_SERVICE.contains(&right) {
                    rights.surplus.insert(right.to_owned());
                }
            }
        }
        rights
    }
}

/// The rights without the columns that some are limited to.
fn without_columns(granted: &str) -> String {
    let parts = granted.split(" (").enumerate();
    parts
        .map(|(index, part)| if index == 0 { part } else { part.split_once(')').map_or("", |(_, rest)| rest) })
        .collect()
}

/// The first rights of a list, and how many there are besides; `None` if there are none.
fn named(rights: &BTreeSet<String>) -> Option<String> {
    let first: Vec<_> = rights.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = rights.len() - first.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!first.is_empty()).then(|| first.join(", ") + &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(grants: &[&str]) -> (Option<String>, Option<String>, bool) {
        let grants: Vec<_> = grants.iter().map(|grant| (*grant).to_owned()).collect();
        let rights = Rights::of(&grants, "my_store");
        (named(&rights.elsewhere), named(&rights.surplus), rights.migrates)
    }

    #[test]
    fn what_is_too_much_is_named() {
        let usage = "GRANT USAGE ON *.* TO `store`@`%` IDENTIFIED BY PASSWORD '*5A'";
        let rows = "GRANT SELECT, INSERT, UPDATE, DELETE ON `my\\_store`.* TO `store`@`%`";
        let members = "GRANT SELECT ON `performance_schema`.`replication_group_members` TO `store`@`%`";
        assert_eq!(rights(&[usage, rows, members]), (None, None, false));
        let tables = "GRANT CREATE, INDEX, ALTER ON `my_store`.* TO `store`@`%`";
        assert_eq!(rights(&[rows, tables]), (None, None, true));
        for (grant, elsewhere, surplus) in [
            ("GRANT SELECT, DROP ON `my_store`.* TO `store`@`%`", None, Some("DROP")),
            ("GRANT ALL PRIVILEGES ON `my\\_store`.* TO `store`@`%`", None, Some("ALL PRIVILEGES")),
            ("GRANT ALL PRIVILEGES ON *.* TO `store`@`%` WITH GRANT OPTION", Some("ALL PRIVILEGES"), None),
            ("GRANT FILE, SUPER ON *.* TO `store`@`%`", Some("FILE, SUPER"), None),
            ("GRANT A,B,C, D, E, F ON *.* TO `store`@`%`", Some("A, B, C, D and 2 more"), None),
            ("GRANT SELECT ON `mysql`.* TO `store`@`%`", Some("SELECT"), None),
            ("GRANT SELECT (`id`, `user_id`), UPDATE (`id`) ON `my_store`.`orders` TO `store`@`%`", None, None),
            ("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", Some("PROXY"), None),
            ("GRANT `keeper`@`%` TO `store`@`%`", None, None),
        ] {
            let expected = (elsewhere.map(str::to_owned), surplus.map(str::to_owned), false);
            assert_eq!(rights(&[grant]), expected, "{grant}");
        }
    }
}
