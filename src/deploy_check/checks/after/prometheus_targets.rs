//! `prometheus-targets`: Prometheus sees every instance.

use std::time::{Duration, Instant};

use crate::deploy_check::checks::check::{Check, Probe, settle};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;
use crate::promql::{Health, PromError, Prometheus, ScrapeTarget};
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "prometheus-targets",
    expected: "Prometheus scrapes every instance, and all its targets are up",
    probe: Probe::Running(|deployment| Box::pin(settle(check(deployment)))),
};

/// How long Prometheus may take to find its targets after a start, beside the scrape itself.
const DISCOVERY: Duration = Duration::from_secs(10);

/// Between two looks at what Prometheus has seen.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let target = deployment.prometheus_target()?;
    let away = |error: PromError| CheckOutcome::fail(error.to_string(), "see that Prometheus runs, and its log");
    let live: Vec<_> = deployment.answering("/live").await.into_iter().map(Target::authority).collect();
    let instances: Vec<_> = deployment.instances.iter().map(Target::authority).collect();
    let is_away = |name: &str| instances.iter().any(|one| one == name && !live.contains(one));
    let targets = seen_since_now(deployment, &Prometheus::new(target.clone()), is_away).await.map_err(away)?;
    let missing: Vec<_> =
        instances.iter().filter(|name| targets.iter().all(|target| target.instance() != **name)).cloned().collect();
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
        return Err(CheckOutcome::skip(format!("{} is away", down.join(", ")), "see instances-live"));
    }
    if targets.is_empty() {
        return Ok(CheckOutcome::fail("Prometheus has no targets", "add the instances to prometheus.yml, and reload"));
    }
    Ok(CheckOutcome::pass(format!("{} targets, all up", targets.len())))
}

/// What Prometheus scrapes. Right after a start or a replacement what it saw last is old: until it has looked again at
/// what was not up, and while it has found nothing to look at, it is asked again. Instances that are away are not waited
/// for.
async fn seen_since_now(
    deployment: &RunningDeployment,
    prometheus: &Prometheus,
    is_away: impl Fn(&str) -> bool,
) -> Result<Vec<ScrapeTarget>, PromError> {
    let began = Instant::now();
    let first = prometheus.targets().await?;
    let is_old = |target: &ScrapeTarget| {
        let was = first.iter().find(|before| before.labels == target.labels);
        target.health == Health::Unknown
            || target.health == Health::Down && was.is_some_and(|before| before.scraped == target.scraped)
    };
    let mut targets = first.clone();
    loop {
        let is_settled = !targets.is_empty() && !targets.iter().any(|one| is_old(one) && !is_away(one.instance()));
        let interval = targets.iter().map(ScrapeTarget::interval).max().unwrap_or_default();
        if is_settled || began.elapsed() >= deployment.patience(DISCOVERY + interval) {
            return Ok(targets);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        targets = prometheus.targets().await?;
    }
}

/// Why a target is not up, in one line.
fn reason(target: &ScrapeTarget) -> String {
    let name = target.instance();
    match target.health {
        Health::Unknown => {
            format!("Prometheus has not scraped {name} yet; it does every {}", units::duration(target.interval()))
        }
        Health::Up | Health::Down => format!("Prometheus cannot scrape {name}: {}", target.error),
    }
}
