//! `passwords-set`: databases, caches and brokers ask for a password, and not for the one that everybody knows.

use crate::deploy_check::access::{Access, access_to, never_starts, weak_password};
use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "passwords-set",
    expected: "every database, cache and broker asks for a password that is not a default",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let stores = files.stores()?;
    let faults: Vec<_> = stores.iter().filter_map(|service| fault(files, service)).collect();
    let advice = "set a password of the image, from a variable or a secret; make it with `openssl rand -hex 24`";
    Ok(CheckOutcome::of(faults, advice, || format!("{} stores", stores.len())))
}

fn fault(files: &Files, service: &Service) -> Option<Fault> {
    if let Some(why) = weak_password(files, service) {
        let place = service.place_of("command");
        return Some(Fault::error(Some(place), format!("the password of {} {why}", service.name)));
    }
    if let Some(variable) = never_starts(service) {
        let says = format!("{} is told no password, and its image does not start without", service.name);
        return Some(
            Fault::error(Some(service.place.clone()), says)
                .write(format!("environment: {{{variable}: \"${{{variable}:?}}\"}}")),
        );
    }
    let Access::Open(how) = access_to(files, service) else { return None };
    // Where it is published to others, datastores-published tells it.
    let told = service.published.iter().any(crate::deploy_check::files::Published::is_beyond_this_machine);
    let place = how.variable.as_deref().map_or_else(|| service.place.clone(), |name| service.place_of_variable(name));
    let says = format!("{}: {}", service.name, how.says);
    match (told && how.variable.is_none(), how.on_purpose) {
        (true, _) => None,
        (false, true) => Some(Fault::error(Some(place), says)),
        (false, false) => Some(Fault::note(Some(place), says)),
    }
}
