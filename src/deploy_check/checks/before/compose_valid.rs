//! `compose-valid`: Compose itself would take the files.
//!
//! They are held against the compose specification, and no program is asked: which Compose is installed here says nothing
//! about the one that will run, and asking it could fetch what a stranger's file includes.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "compose-valid",
    expected: "the compose files use keys that Compose knows, and name files, services, networks and volumes that are there",
    probe: Probe::Files(|files| finished(check(files))),
};

/// What is no mistake if a part of the project is not here.
const FROM_ELSEWHERE: [&str; 2] = ["which nothing defines", "neither image nor build"];

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose_as_seen()?;
    // What may be defined in a file that is not here counts as defined.
    let whole = compose.unseen.is_none() && !compose.incomplete;
    let faults = compose
        .refused
        .iter()
        .filter(|problem| whole || !FROM_ELSEWHERE.iter().any(|part| problem.says.contains(part)));
    let faults = faults.map(|problem| Fault::error(Some(problem.place.clone()), problem.says.clone()));
    let faults: Vec<_> = faults.chain(compose.services.iter().filter_map(|service| no_stage(files, service))).collect();
    let seen = || format!("{} services in {} files", compose.services.len(), compose.files.len());
    Ok(CheckOutcome::of(
        faults,
        "correct that line; `docker compose config --quiet` says whether Compose takes it",
        seen,
    ))
}

/// An image that is built up to a stage that its Dockerfile does not have.
fn no_stage(files: &Files, service: &Service) -> Option<Fault> {
    let build = service.build.as_ref()?;
    let file = files.dockerfile_of(build)?;
    if file.stage(&build.target).is_some() {
        return None;
    }
    let (name, stage) = (&service.name, &build.target);
    let says = format!("{name} is built up to the stage {stage}, which {} does not have", file.path.display());
    Some(Fault::error(Some(service.place_of("build")), says))
}
