//! `alerts-quiet`: nothing that is being watched is wrong.

use std::time::SystemTime;

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;
use crate::promql::AlertRule;

pub(crate) const CHECK: Check = Check {
    id: "alerts-quiet",
    expected: "no alert is firing, but those of severity info or none",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let prometheus = surroundings.answering_prometheus().await?;
    let away = |error: crate::promql::PromError| Outcome::skip(error.to_string(), "see prometheus-targets");
    let rules = prometheus.alert_rules().await.map_err(away)?;
    if rules.is_empty() {
        return Err(Outcome::skip("no alerts are loaded", "see alerts-loaded"));
    }
    let quiet = |name: &&str| {
        let rule = rules.iter().find(|rule| rule.name == *name);
        let severity = rule.and_then(|rule| rule.labels.get("severity")).map_or("", String::as_str);
        *name == "Watchdog" || ["info", "none"].contains(&severity)
    };
    let firing: Vec<_> = in_state(&rules, "firing").into_iter().filter(|name| !quiet(name)).collect();
    if firing.is_empty() {
        let pending = in_state(&rules, "pending");
        let soon = if pending.is_empty() { String::new() } else { format!("; pending: {}", pending.join(", ")) };
        return Ok(Outcome::pass(format!("{} alerts, none firing{soon}", rules.len())));
    }
    // An alert on an instance that is away says what another check has said already.
    let down = prometheus.query("up == 0", SystemTime::now()).await.map_err(away)?;
    if !down.is_empty() || surroundings.is_any_instance_away().await {
        return Err(Outcome::skip(
            format!("firing: {}", firing.join(", ")),
            "see prometheus-targets and instances-live",
        ));
    }
    Ok(Outcome::fail(format!("firing: {}", firing.join(", ")), "the runbook that the alert names says what to do"))
}

/// The names of the rules in a state. One that cannot be evaluated keeps its last state, and is told by `alerts-loaded`.
fn in_state<'a>(rules: &'a [AlertRule], state: &str) -> Vec<&'a str> {
    rules.iter().filter(|rule| rule.health != "err" && rule.state == state).map(|rule| rule.name.as_str()).collect()
}
