//! `alerts-quiet`: no alert that asks for a person is firing.

use std::time::SystemTime;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::promql::{AlertRule, PromError, Prometheus};

pub(crate) const CHECK: Check = Check {
    id: "alerts-quiet",
    expected: "no alert is firing, but those of severity info or none",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let prometheus = deployment.answering_prometheus().await?;
    let away = |error: PromError| CheckOutcome::skip(error.to_string(), "see prometheus-targets");
    let rules = settled(deployment, prometheus).await.map_err(away)?;
    if rules.is_empty() {
        return Err(CheckOutcome::skip("no alerts are loaded", "see alerts-loaded"));
    }
    let firing = firing(&rules);
    if firing.is_empty() {
        let pending = in_state(&rules, "pending");
        let soon = if pending.is_empty() { String::new() } else { format!("; pending: {}", pending.join(", ")) };
        return Ok(CheckOutcome::pass(format!("{} alerts, none firing{soon}", rules.len())));
    }
    // Another check has already reported an instance that is down; its alerts add nothing.
    let down = prometheus.query("up == 0", SystemTime::now()).await.map_err(away)?;
    if !down.is_empty() || deployment.is_any_instance_away().await {
        return Err(CheckOutcome::skip(
            format!("firing: {}", firing.join(", ")),
            "see prometheus-targets and instances-live",
        ));
    }
    Ok(CheckOutcome::fail(format!("firing: {}", firing.join(", ")), "the runbook that the alert names says what to do"))
}

/// The rules, as soon as none of them fires, and after two evaluation intervals at the latest. An alert may still fire
/// for a fault that this deployment has corrected: Prometheus has to scrape the instances and evaluate its rules again
/// first.
async fn settled(deployment: &RunningDeployment, prometheus: &Prometheus) -> Result<Vec<AlertRule>, PromError> {
    let patience = deployment.patience();
    loop {
        let rules = prometheus.alert_rules().await?;
        let interval = rules.iter().map(|rule| rule.interval).max().unwrap_or_default();
        if firing(&rules).is_empty() || !patience.look_again(interval * 2).await {
            return Ok(rules);
        }
    }
}

/// The names of the firing alerts that count as a fault: all but `Watchdog` and those of severity info or none.
fn firing(rules: &[AlertRule]) -> Vec<&str> {
    let quiet = |name: &&str| {
        let rule = rules.iter().find(|rule| rule.name == *name);
        let severity = rule.and_then(|rule| rule.labels.get("severity")).map_or("", String::as_str);
        *name == "Watchdog" || ["info", "none"].contains(&severity)
    };
    in_state(rules, "firing").into_iter().filter(|name| !quiet(name)).collect()
}

/// The names of the rules in a state. A rule that cannot be evaluated keeps its last state, so it is left out here;
/// `alerts-loaded` reports it.
fn in_state<'a>(rules: &'a [AlertRule], state: &str) -> Vec<&'a str> {
    rules.iter().filter(|rule| rule.health != "err" && rule.state == state).map(|rule| rule.name.as_str()).collect()
}
