//! `default-passwords`: the database, Redis and Grafana refuse empty and common passwords. Every attempt is a log-in
//! that the server refuses and may log.

use hyper::Method;

use crate::db::{self, DbError, Session};
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::deploy_check::secrets::COMMON;
use crate::units::Secret;
use crate::{cache, net::Target};

pub(crate) const CHECK: Check = Check {
    id: "default-passwords",
    expected: "the database, Redis and Grafana refuse empty and common passwords",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The account that Grafana creates by default (`admin:admin`), as a value of the header `Authorization`.
const GRAFANA_DEFAULT: &str = "Basic YWRtaW46YWRtaW4=";

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let (mut accepted, mut asked, mut away) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(address) = &deployment.database {
        // database-reachable reports why it cannot be reached.
        match deployment.session().await {
            Ok(_) => {
                asked.push("the database");
                accepted.extend(database(deployment, address).await);
            }
            Err(outcome) => away.push(outcome),
        }
    }
    if let Some(address) = deployment.redis.as_ref().filter(|address| address.password.is_some()) {
        asked.push("Redis");
        accepted.extend(redis(deployment, address).await);
    }
    if let Some(target) = &deployment.grafana {
        match grafana(deployment, target).await {
            Ok(open) => {
                asked.push("Grafana");
                accepted.extend(open);
            }
            Err(outcome) => away.push(outcome),
        }
    }
    if !accepted.is_empty() {
        return Ok(CheckOutcome::fail(
            accepted.join("\n"),
            "change that password now; `openssl rand -hex 24` makes one",
        ));
    }
    if let Some(outcome) = away.into_iter().next() {
        return Err(outcome);
    }
    if asked.is_empty() {
        return Err(CheckOutcome::skip(
            "no service with a password is configured",
            "set DB_HOST, REDIS_HOST or GRAFANA_URL",
        ));
    }
    Ok(CheckOutcome::pass(format!("{} refused them", asked.join(", "))))
}

/// A sentence for each account that accepts a common password. It does not say which one.
async fn database(deployment: &RunningDeployment, address: &db::Address) -> Vec<String> {
    let mut users = vec![address.user.as_str(), "root"];
    users.dedup();
    let mut accepted = Vec::new();
    for user in users {
        for password in ["", user].into_iter().chain(COMMON) {
            let password = Secret::new(password.to_owned());
            let attempt = db::Address { user: user.to_owned(), password, ..address.clone() };
            match Session::connect(&attempt, deployment.timeout).await {
                Ok(_) => {
                    accepted.push(format!("the database lets {user} in with a common password"));
                    break;
                }
                Err(DbError::Refused(_)) => {}
                // The server fails for another reason, so the remaining passwords cannot be tried.
                Err(_) => break,
            }
        }
    }
    accepted
}

async fn redis(deployment: &RunningDeployment, address: &cache::Address) -> Vec<String> {
    for password in [None].into_iter().chain(COMMON.map(Some)) {
        let password = password.map(|password| Secret::new(password.to_owned()));
        let attempt = cache::Address { password, ..address.clone() };
        if cache::server_facts(&attempt, deployment.timeout).await.is_ok() {
            return vec!["Redis lets anyone in, with no password or a common one".to_owned()];
        }
    }
    Vec::new()
}

async fn grafana(deployment: &RunningDeployment, target: &Target) -> Result<Vec<String>, CheckOutcome> {
    let headers = [("authorization", GRAFANA_DEFAULT)];
    let answer = deployment.request(target, Method::GET, "/api/org", &headers, Vec::new()).await;
    let answer =
        answer.map_err(|error| CheckOutcome::skip(format!("Grafana at {target}: {error}"), "see that it runs"))?;
    let open = answer.status.is_success();
    Ok(open.then(|| "Grafana lets admin in with its default password".to_owned()).into_iter().collect())
}
