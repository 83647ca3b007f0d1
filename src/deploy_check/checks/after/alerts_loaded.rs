//! `alerts-loaded`: Prometheus has loaded the alerts of the rule files, and can evaluate them.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::promql::{AlertRule, PromError, Prometheus};

pub(crate) const CHECK: Check = Check {
    id: "alerts-loaded",
    expected: "every alert of the rules in --rules is loaded, and all that are loaded can be evaluated",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The time that Prometheus may take to read its files again after it was told to.
const RELOAD: Duration = Duration::from_secs(5);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let prometheus = deployment.answering_prometheus().await?;
    let away = |error: PromError| CheckOutcome::skip(error.to_string(), "see prometheus-targets");
    if !prometheus.names_rules().await.map_err(away)? {
        return Err(CheckOutcome::skip(
            "Prometheus's configuration names no rule files",
            "add rule_files, if alerts are wanted",
        ));
    }
    let (loaded, missing) = loaded_since_now(deployment, prometheus).await.map_err(away)?;
    if !missing.is_empty() {
        let seen = format!("not loaded: {}", missing.join(", "));
        return Ok(CheckOutcome::fail(
            seen,
            "see that the rules are mounted where rule_files looks, and reload Prometheus",
        ));
    }
    if loaded.is_empty() {
        let advice = "see that the rules are mounted where rule_files looks, and reload Prometheus";
        return Ok(CheckOutcome::fail("no alerts are loaded", advice));
    }
    let broken = loaded.iter().filter(|rule| rule.health == "err");
    let broken: Vec<_> = broken.map(|rule| format!("{}: {}", rule.name, rule.error)).collect();
    if broken.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} alerts", loaded.len())));
    }
    Ok(CheckOutcome::fail(broken.join("\n"), "correct the expression, and reload Prometheus"))
}

/// The alerts that Prometheus has loaded, and the names of those that it should have and has not. It may not yet have done what
/// it was told a moment ago, so it is asked again while one is missing.
async fn loaded_since_now(
    deployment: &RunningDeployment,
    prometheus: &Prometheus,
) -> Result<(Vec<AlertRule>, Vec<String>), PromError> {
    let patience = deployment.patience();
    loop {
        let loaded = prometheus.alert_rules().await?;
        let missing = deployment.alerts.iter().filter(|name| loaded.iter().all(|rule| rule.name != **name));
        let missing: Vec<_> = missing.cloned().collect();
        if missing.is_empty() || !patience.look_again(RELOAD).await {
            return Ok((loaded, missing));
        }
    }
}
