//! `prometheus-targets`: Prometheus sees every instance.

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;
use crate::promql::Prometheus;

pub(crate) const CHECK: Check = Check {
    id: "prometheus-targets",
    expected: "Prometheus scrapes every instance, and all its targets are up",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let target = surroundings.prometheus_target()?;
    let up = Prometheus::new(target.clone()).query("up", std::time::SystemTime::now()).await;
    let up = up.map_err(|error| Outcome::fail(error.to_string(), "see that Prometheus runs, and its log"))?;
    let down: Vec<_> = up.iter().filter(|sample| sample.value < 1.0).map(|sample| sample.label("instance")).collect();
    let scraped = |authority: &str| up.iter().any(|sample| sample.label("instance") == authority);
    let missing = surroundings.instances.iter().map(crate::net::Target::authority).filter(|name| !scraped(name));
    let missing: Vec<_> = missing.collect();
    if !missing.is_empty() {
        let seen = format!("Prometheus does not know {}", missing.join(", "));
        return Ok(Outcome::fail(seen, "add it to the targets of the job storemgr in prometheus.yml, and reload"));
    }
    let live: Vec<_> = surroundings.answering("/live").await.iter().map(|target| target.authority()).collect();
    let is_away = |name: &&str| {
        surroundings.instances.iter().any(|one| one.authority() == *name && !live.contains(&one.authority()))
    };
    if !down.is_empty() && down.iter().all(is_away) {
        return Err(Outcome::skip(format!("{} is away", down.join(", ")), "see instances-live"));
    }
    if !down.is_empty() {
        let seen = format!("Prometheus cannot scrape {}", down.join(", "));
        return Ok(Outcome::fail(seen, "Prometheus's page /targets says why"));
    }
    if up.is_empty() {
        return Ok(Outcome::fail("Prometheus has no targets", "add the instances to prometheus.yml, and reload"));
    }
    Ok(Outcome::pass(format!("{} targets, all up", up.len())))
}
