//! `upstreams-named`: the servers in front pass requests to services that exist, at ports where they listen, and to all
//! instances of the store.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{
    Compose, Directive, Files, Front, Lookup, Nginx, Pass, Service, Target, places, port_of,
};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::deploy_check::reach::{Reach, at_port, host_and_port, reach};

pub(crate) const CHECK: Check = Check {
    id: "upstreams-named",
    expected: "nginx, Caddy, HAProxy and Traefik pass requests to services of the compose file at their ports, and to every \
               instance of the store",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let fronts = files.fronts();
    let compose = files.compose()?;
    let labels = labels_for_traefik(compose);
    // Where another server is in front, there need be no nginx.
    let configurations = match files.nginx() {
        Err(skip) if fronts.is_empty() && labels.is_empty() => return Err(skip),
        found => found.unwrap_or_default(),
    };
    let instances = files.instances().unwrap_or_default();
    let passes: Vec<_> = configurations.iter().map(|nginx| (*nginx, nginx.passes())).collect();
    let others = fronts.iter().map(|front| front.targets.len()).sum::<usize>() + labels.len();
    let count: usize = passes.iter().map(|(_, passes)| passes.len()).sum::<usize>() + others;
    let unseen: Vec<_> = configurations.iter().filter_map(|nginx| nginx.unseen()).collect();
    if count == 0 && fronts.iter().all(|front| front.undefined.is_empty()) {
        if !unseen.is_empty() {
            let seen = format!("upstreams may be defined in {}", unseen.join(", "));
            return Err(CheckOutcome::skip(seen, "see front-reaches-instances"));
        }
        if instances.is_empty() || !fronts.is_empty() {
            return Err(CheckOutcome::skip(
                "requests are passed to no server with a constant address",
                "nothing to do",
            ));
        }
        let advice = "add a proxy_pass to an upstream that lists the instances";
        return Ok(CheckOutcome::fail("nginx passes requests to no server", advice));
    }
    let mut faults = Vec::new();
    for (nginx, passes) in &passes {
        let before = faults.len();
        let front = front_of(compose, nginx);
        faults.extend(passes.iter().filter_map(|pass| fault(files, compose, nginx, front, pass)));
        // A misspelt name is one fault, not an unknown and a missing instance.
        let unknown = faults.len() - before;
        faults.extend(without_script(files, nginx));
        let forgotten = forgotten(&instances, &passes.iter().map(|pass| pass.host.as_str()).collect::<Vec<_>>());
        if nginx.unseen().is_none() && forgotten.len() > unknown {
            let mut strangers = passes.iter().filter(|pass| !pass.upstream.is_empty() && is_strange(compose, pass));
            let place = passes.iter().find(|pass| !pass.upstream.is_empty()).map(|pass| pass.place.clone());
            let told = |one: &&Service| {
                let name = &one.name;
                let line = format!("server {name}:{};", port_of(one));
                // On a network that others share the other name may exist; here it stands where an instance should.
                match strangers.next() {
                    Some(Pass { host, port, place, .. }) => Fault::error(
                        Some(place.clone()),
                        format!("nginx asks {host}:{port}, which is not an instance, and does not know {name}"),
                    ),
                    None => Fault::error(place.clone(), format!("nginx does not know {name}")),
                }
                .write(line)
            };
            faults.extend(forgotten.iter().map(told));
        }
    }
    let containers = fronts.chunk_by(|one, other| one.service == other.service);
    faults.extend(containers.flat_map(|fronts| of_container(files, compose, &instances, fronts)));
    faults.extend(labels.iter().filter_map(|(service, port, place)| {
        wrong("Traefik", place, at_port(files, service, &service.name, Some(*port)))
    }));
    let advice = if instances.is_empty() {
        let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
        format!("name a service: {}", names.join(", "))
    } else {
        format!("correct the upstream: the instances are {}", places(&instances))
    };
    let unseen = (!unseen.is_empty()).then(|| unseen.join(", "));
    Ok(CheckOutcome::of(faults, advice, || format!("{count} servers, {} instances", instances.len()))
        .with_unseen(unseen))
}

/// PHP that is asked for no script: it answers that it has found none.
fn without_script(files: &Files, nginx: &Nginx) -> Vec<Fault> {
    let is_own_list =
        |path: &str| path.ends_with("fastcgi_params") && !matches!(nginx.look_up(files, path), Lookup::Here(_));
    let told = |one: &Directive| {
        let says = format!("nginx asks {} and does not name the script, which is SCRIPT_FILENAME", one.argument(0));
        Fault::error(Some(one.place.clone()), says)
            .write("fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;")
    };
    nginx.without_script(is_own_list).into_iter().map(told).collect()
}

/// The ports that labels of services tell Traefik, if one of the services is Traefik, each with where it is told.
fn labels_for_traefik(compose: &Compose) -> Vec<(&Service, u16, Place)> {
    if compose.services.iter().all(|one| one.image_name() != "traefik") {
        return Vec::new();
    }
    let of = |service| {
        let labels = Service::labels(service).into_iter();
        labels.filter_map(move |(name, value, place)| {
            let name = name.to_ascii_lowercase();
            let is_port = name.starts_with("traefik.") && name.ends_with(".loadbalancer.server.port");
            Some((service, value.parse().ok().filter(|_| is_port)?, place))
        })
    };
    compose.services.iter().flat_map(of).collect()
}

/// What is wrong with what a server in front asks, if anything is.
fn wrong(program: &str, place: &Place, asked: Reach<'_>) -> Option<Fault> {
    match asked {
        Reach::Wrong { says, write } => {
            Some(Fault::error(Some(place.clone()), format!("{program} asks {says}")).write(write))
        }
        Reach::Fine(_) | Reach::Outside => None,
    }
}

/// What is wrong with a server that another program than nginx passes requests to.
fn asked(files: &Files, compose: &Compose, from: &Service, front: &Front, target: &Target) -> Option<Fault> {
    let (program, needs_names) = (front.program, front.needs_names);
    let (host, port) = host_and_port(&target.address);
    if is_own(&host) {
        let own = from.network_mode.is_empty() && from.build.is_none();
        let says = format!("{program} asks {}, which is its own container", target.address);
        return own.then(|| Fault::error(Some(target.place.clone()), says));
    }
    match reach(files, compose, from, &host, port) {
        Reach::Fine(service) if needs_names && starts_earlier(from, service) => {
            let says = format!(
                "{program} asks {host}, which waits for others: {program} starts first, and ends without that name"
            );
            Some(Fault::error(Some(target.place.clone()), says).write(format!("depends_on: [{}]", service.name)))
        }
        found => wrong(program, &target.place, found),
    }
}

/// Whether a service that waits for none, and is not restarted, certainly starts before one that waits for health.
fn starts_earlier(from: &Service, service: &Service) -> bool {
    let waits = service.depends_on.values().any(|condition| condition != "service_started");
    waits && from.depends_on.is_empty() && matches!(from.restart.as_str(), "" | "no")
}

/// The faults in the files of one container that runs another program than nginx.
fn of_container(files: &Files, compose: &Compose, instances: &[&Service], fronts: &[&Front]) -> Vec<Fault> {
    let from = |front: &&Front| compose.services.iter().find(|one| one.name == front.service);
    let Some((first, from)) = fronts.first().and_then(|front| Some((*front, from(front)?))) else { return Vec::new() };
    let program = first.program;
    let targets: Vec<_> = fronts.iter().flat_map(|front| &front.targets).collect();
    let mut faults: Vec<_> = fronts
        .iter()
        .flat_map(|front| front.targets.iter().filter_map(|target| asked(files, compose, from, front, target)))
        .collect();
    faults.extend(fronts.iter().flat_map(|front| &front.undefined).map(|one| {
        Fault::error(Some(one.place.clone()), format!("{program} has no backend of the name {}", one.address))
    }));
    // A misspelt name is one fault, not an unknown and a missing instance.
    if faults.is_empty() {
        let hosts: Vec<_> = targets.iter().map(|target| host_and_port(&target.address).0).collect();
        let place = targets.first().map(|target| target.place.clone());
        faults.extend(forgotten(instances, &hosts.iter().map(String::as_str).collect::<Vec<_>>()).iter().map(|one| {
            let says = format!("{program} does not know {}", one.name);
            Fault::error(place.clone(), says).write(format!("{}:{}", one.name, port_of(one)))
        }));
    }
    faults
}

/// The service that reads a configuration, as far as it is known.
fn front_of<'a>(compose: &'a Compose, nginx: &Nginx) -> Option<&'a Service> {
    let named = nginx.service.as_deref().and_then(|name| compose.services.iter().find(|one| one.name == name));
    named.or_else(|| compose.services.iter().find(|one| one.image_name().contains("nginx")))
}

/// Whether a server is a bare name that is none of the services.
fn is_strange(compose: &Compose, pass: &Pass) -> bool {
    let host = pass.host.as_str();
    !host.contains(['.', ':'])
        && host != "localhost"
        && compose.services.iter().all(|service| !service.answers_to(host))
}

/// The instances that a list of servers leaves out, if it has any of them.
fn forgotten<'a>(instances: &[&'a Service], hosts: &[&str]) -> Vec<&'a Service> {
    let knows = |one: &Service| hosts.iter().any(|host| one.answers_to(host.strip_prefix("tasks.").unwrap_or(host)));
    if instances.iter().any(|one| knows(one)) {
        instances.iter().copied().filter(|one| !knows(one)).collect()
    } else {
        Vec::new()
    }
}

/// Whether a name is the container's own.
fn is_own(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn fault(files: &Files, compose: &Compose, nginx: &Nginx, front: Option<&Service>, pass: &Pass) -> Option<Fault> {
    let from = front.or(compose.services.first())?;
    let (host, port) = (pass.host.as_str(), pass.port);
    let place = Some(pass.place.clone());
    if is_own(host) {
        let own = nginx.ports().contains(&port)
            || !from.network_mode.is_empty()
            || nginx.service.is_none()
            || from.build.is_some();
        let says = format!("nginx asks {host}:{port}, which is its own container");
        return (!own).then(|| Fault::error(place, says));
    }
    match reach(files, compose, from, host, Some(port)) {
        Reach::Fine(service) if files.is_instance(service) && port != port_of(service) => {
            let says = format!("nginx asks {host}:{port}; {} listens on {}", service.name, port_of(service));
            Some(Fault::error(place, says).write(format!("{host}:{}", port_of(service))))
        }
        other => wrong("nginx", &pass.place, other),
    }
}
