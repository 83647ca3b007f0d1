//! `targets-named`: Prometheus scrapes the instances, all of them, at the port where they answer.

use crate::deploy_check::checks::{Check, Probe, told};
use crate::deploy_check::files::{Files, address, places, probe_ports_of, strangers};
use crate::deploy_check::finding::Outcome;

pub(crate) const CHECK: Check = Check {
    id: "targets-named",
    expected: "the job storemgr lists every instance of the compose file at its port, or that for probes; other jobs name services",
    probe: Probe::Files(|files| told(check(files))),
};

/// The job that `report`, the rules and the dashboard select by.
const JOB: &str = "storemgr";

fn check(files: &Files) -> Result<Outcome, Outcome> {
    let prometheus = files.prometheus()?;
    let instances = files.instances()?;
    let path = prometheus.path.display();
    let unseen = prometheus.unseen();
    let Some(job) = prometheus.jobs.iter().find(|job| job.name == JOB) else {
        if let Some(unseen) = unseen {
            return Err(Outcome::skip(format!("the job {JOB} may be among {unseen}"), "see prometheus-targets"));
        }
        let seen = format!("{path} has no job {JOB}");
        return Ok(Outcome::fail(seen, format!("scrape {} in a job of that name", places(&instances))));
    };
    if !job.listed {
        return Err(Outcome::skip("the targets are found by Prometheus itself", "see prometheus-targets"));
    }
    let targets: Vec<_> =
        job.targets.iter().filter_map(|text| address(text)).map(|server| (server.host, server.port)).collect();
    let mut wrong = strangers(&instances, &targets, probe_ports_of, "Prometheus", true);
    let compose = files.compose()?;
    for other in prometheus.jobs.iter().filter(|other| other.name != JOB) {
        for server in other.targets.iter().filter_map(|text| address(text)) {
            let known = compose.service(&server.host).is_some() || server.host.contains('.');
            if !known && server.host != "localhost" {
                wrong.push(format!("the job {} names {}, which is no service", other.name, server.host));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(
            Outcome::pass(format!("{} targets, {} instances", targets.len(), instances.len())).with_unseen(unseen)
        );
    }
    Ok(Outcome::fail(
        wrong.join("\n"),
        format!("correct the targets in {path}: the instances are {}", places(&instances)),
    ))
}
