//! `prometheus-targets`: Prometheus scrapes every instance.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;
use crate::promql::{Health, PromError, Prometheus, ScrapeTarget};
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "prometheus-targets",
    expected: "Prometheus scrapes every instance, and all its targets are up",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The time that Prometheus may take to discover which targets there are, after a start or after its files have changed, in
/// addition to the scrape itself: it looks at a list of targets every 5 s (monitoring/prometheus.yml), and takes up what it has
/// found every 5 s.
const DISCOVERY: Duration = Duration::from_secs(10);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let prometheus = deployment.prometheus()?;
    let away = |error: PromError| CheckOutcome::fail(error.to_string(), "see that Prometheus runs, and its log");
    let live: Vec<_> = deployment.answering("/live").await.into_iter().map(Target::address).collect();
    let instances: Vec<_> = deployment.instances.iter().map(Target::address).collect();
    let is_away = |name: &str| instances.iter().any(|one| one == name && !live.contains(one));
    let unknown = |targets: &[ScrapeTarget]| -> Vec<String> {
        let is_unknown = |name: &&String| targets.iter().all(|target| target.instance() != **name);
        instances.iter().filter(is_unknown).cloned().collect()
    };
    let are_known = |targets: &[ScrapeTarget]| unknown(targets).is_empty();
    let targets = seen_since_now(deployment, prometheus, is_away, are_known).await.map_err(away)?;
    let missing = unknown(&targets);
    if !missing.is_empty() {
        let seen = format!("Prometheus does not know {}", missing.join(", "));
        return Ok(CheckOutcome::fail(seen, "add it to the targets of the job storemgr in prometheus.yml, and reload"));
    }
    let failing: Vec<_> = targets
        .iter()
        .filter(|target| target.health != Health::Up && !is_away(target.instance()))
        .map(reason)
        .collect();
    if !failing.is_empty() {
        return Ok(CheckOutcome::fail(failing.join("\n"), "Prometheus's page /targets shows all of them"));
    }
    let down: Vec<_> =
        targets.iter().filter(|target| target.health != Health::Up).map(ScrapeTarget::instance).collect();
    if !down.is_empty() {
        return Err(CheckOutcome::skip(format!("{} does not answer", down.join(", ")), "see instances-live"));
    }
    if targets.is_empty() {
        return Ok(CheckOutcome::fail("Prometheus has no targets", "add the instances to prometheus.yml, and reload"));
    }
    Ok(CheckOutcome::pass(format!("{} targets, all up", targets.len())))
}

/// The targets that Prometheus scrapes. Right after a start or a replacement it knows neither what was added nor what was taken
/// away, and its last results are old. So it is queried again until it has found all instances and has no target that is not up,
/// or the time for that is over. An instance that is down is not waited for.
async fn seen_since_now(
    deployment: &RunningDeployment,
    prometheus: &Prometheus,
    is_away: impl Fn(&str) -> bool,
    are_known: impl Fn(&[ScrapeTarget]) -> bool,
) -> Result<Vec<ScrapeTarget>, PromError> {
    let patience = deployment.patience();
    loop {
        let targets = prometheus.targets().await?;
        let is_up = |one: &ScrapeTarget| one.health == Health::Up || is_away(one.instance());
        let is_settled = !targets.is_empty() && are_known(&targets) && targets.iter().all(is_up);
        let interval = targets.iter().map(ScrapeTarget::interval).max().unwrap_or_default();
        if is_settled || !patience.look_again(DISCOVERY + interval).await {
            return Ok(targets);
        }
    }
}

/// One line that says why a target is not up.
fn reason(target: &ScrapeTarget) -> String {
    let name = target.instance();
    match target.health {
        Health::Unknown => {
            format!("Prometheus has not scraped {name} yet; it does every {}", units::duration(target.interval()))
        }
        Health::Up | Health::Down => format!("Prometheus cannot scrape {name}: {}", target.error),
    }
}
