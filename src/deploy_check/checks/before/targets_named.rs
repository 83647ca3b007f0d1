//! `targets-named`: Prometheus scrapes all instances, at the port where they answer.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, address, places, probe_ports_of, wrong_addresses};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "targets-named",
    expected: "the job storemgr lists every instance of the compose file at its port, or that for probes; other jobs name services",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The job name by which `report`, the rules and the dashboard select.
const JOB: &str = "storemgr";

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let prometheus = files.prometheus()?;
    let instances = files.instances()?;
    let path = prometheus.path.display();
    let unseen = prometheus.unseen();
    let Some(job) = prometheus.jobs.iter().find(|job| job.name == JOB) else {
        if let Some(unseen) = unseen {
            return Err(CheckOutcome::skip(format!("the job {JOB} may be in {unseen}"), "see prometheus-targets"));
        }
        let seen = format!("{path} has no job {JOB}");
        return Ok(CheckOutcome::fail(seen, format!("scrape {} in a job of that name", places(&instances))));
    };
    if !job.listed {
        return Err(CheckOutcome::skip("Prometheus discovers the targets itself", "see prometheus-targets"));
    }
    let targets: Vec<_> =
        job.targets.iter().filter_map(|text| address(text)).map(|server| (server.host, server.port)).collect();
    let mut wrong = wrong_addresses(&instances, &targets, probe_ports_of, "Prometheus", true);
    let compose = files.compose()?;
    for other in prometheus.jobs.iter().filter(|other| other.name != JOB) {
        for server in other.targets.iter().filter_map(|text| address(text)) {
            let known = compose.service(&server.host).is_some() || server.host.contains('.');
            if !known && server.host != "localhost" {
                wrong.push(format!("the job {} names {}, which is not a service", other.name, server.host));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(
            CheckOutcome::pass(format!("{} targets, {} instances", targets.len(), instances.len())).with_unseen(unseen)
        );
    }
    Ok(CheckOutcome::fail(
        wrong.join("\n"),
        format!("correct the targets in {path}: the instances are {}", places(&instances)),
    ))
}
