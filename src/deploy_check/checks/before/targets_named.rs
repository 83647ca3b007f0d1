//! `targets-named`: Prometheus scrapes services that exist at ports where they answer, and all instances of the store.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Compose, Files, Nginx, PrometheusConfig, Service, Target, places, port_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::reach::{Reach, host_and_port, reach};

pub(crate) const CHECK: Check = Check {
    id: "targets-named",
    expected: "the jobs of Prometheus name services at their ports, and the job storemgr every instance of the store",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The job name by which `report`, the rules and the dashboard select.
const JOB: &str = "storemgr";

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.prometheus()?;
    let compose = files.compose()?;
    let instances = files.instances().unwrap_or_default();
    let unseen: Vec<_> = configurations.iter().filter_map(|one| one.unseen()).collect();
    let unseen = (!unseen.is_empty()).then(|| unseen.join(", "));
    let mut faults = Vec::new();
    let mut count = 0;
    for config in &configurations {
        let from = config.service.as_ref().and_then(|(name, _)| compose.service(name));
        let from = from
            .or_else(|| compose.services.iter().find(|one| one.image_name() == "prometheus"))
            .or(compose.services.first());
        let Some(from) = from else { continue };
        for job in &config.jobs {
            count += job.targets.len();
            let who = format!("the job {}", job.name);
            faults.extend(job.targets.iter().filter_map(|target| fault(files, compose, from, target, &who)));
        }
        faults.extend(config.others.iter().filter_map(|target| fault(files, compose, from, target, "Prometheus")));
        if !instances.is_empty() {
            of_the_store(config, &instances, unseen.as_deref(), &mut faults)?;
        }
    }
    let advice = if instances.is_empty() {
        let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
        format!("the services are {}", names.join(", "))
    } else {
        format!("correct the targets: the instances are {}", places(&instances))
    };
    Ok(CheckOutcome::of(faults, advice, || format!("{count} targets, {} instances", instances.len()))
        .with_unseen(unseen))
}

fn fault(files: &Files, compose: &Compose, from: &Service, target: &Target, who: &str) -> Option<Fault> {
    let (host, port) = host_and_port(&target.address);
    if host.contains(['$', '{', '<']) || host.is_empty() {
        return None;
    }
    let place = Some(target.place.clone());
    if matches!(host.as_str(), "localhost" | "127.0.0.1") {
        let own = port.is_none_or(|port| files.listening(from).is_none_or(|ports| ports.contains(&port)));
        let own = own || !from.network_mode.is_empty();
        return (!own)
            .then(|| Fault::error(place, format!("{who} names {}, which is its own container", target.address)));
    }
    match reach(files, compose, from, &host, port) {
        Reach::Wrong { says, write } => Some(Fault::error(place, format!("{who} names {says}")).write(write)),
        Reach::Fine(service) => port.filter(|port| speaks_another(files, service, *port)).map(|port| {
            let says =
                format!("{who} names {host} at port {port}, where {} does not speak HTTP: nginx asks it", service.name);
            Fault::error(place, format!("{says} in FastCGI or the like"))
        }),
        Reach::Outside => None,
    }
}

/// Whether nginx asks a service at this port, and in another protocol than HTTP.
fn speaks_another(files: &Files, service: &Service, port: u16) -> bool {
    let passes: Vec<_> = files.nginx().unwrap_or_default().into_iter().flat_map(Nginx::passes).collect();
    let mut asked = passes.iter().filter(|pass| pass.port == port && service.answers_to(&pass.host)).peekable();
    asked.peek().is_some() && asked.all(|pass| !pass.is_http)
}

/// The job of the store: it must list every instance.
fn of_the_store(
    config: &PrometheusConfig,
    instances: &[&Service],
    unseen: Option<&str>,
    faults: &mut Vec<Fault>,
) -> Result<(), CheckOutcome> {
    let path = config.path.display();
    let Some(job) = config.jobs.iter().find(|job| job.name == JOB) else {
        if let Some(unseen) = unseen {
            return Err(CheckOutcome::skip(format!("the job {JOB} may be in {unseen}"), "see prometheus-targets"));
        }
        let place = config.jobs.iter().find(|job| {
            job.targets.iter().any(|one| instances.iter().any(|own| own.answers_to(&host_and_port(&one.address).0)))
        });
        faults.push(
            Fault::error(place.map(|job| job.place.clone()), format!("{path} has no job {JOB}"))
                .write(format!("job_name: {JOB}")),
        );
        return Ok(());
    };
    if !job.listed {
        return Ok(());
    }
    let hosts: Vec<String> = job.targets.iter().map(|target| host_and_port(&target.address).0).collect();
    let hosts: Vec<&str> = hosts.iter().map(|host| host.strip_prefix("tasks.").unwrap_or(host)).collect();
    let unknown = hosts.iter().filter(|host| !instances.iter().any(|one| one.answers_to(host))).count();
    let forgotten: Vec<_> = instances.iter().filter(|one| !hosts.iter().any(|host| one.answers_to(host))).collect();
    if unseen.is_none() && forgotten.len() > unknown {
        let place = job.targets.first().map_or_else(|| job.place.clone(), |target| target.place.clone());
        let told = |one: &&&Service| {
            let line = format!("{}:{}", one.name, port_of(one));
            Fault::error(Some(place.clone()), format!("Prometheus does not know {}", one.name)).write(line)
        };
        faults.extend(forgotten.iter().map(told));
    }
    Ok(())
}
