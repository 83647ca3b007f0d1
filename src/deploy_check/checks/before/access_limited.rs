//! `access-limited`: a store that other machines can reach asks who they are.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "access-limited",
    expected: "the store asks for tokens, or is published on this machine's loopback address only",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The image name of what stands in front of the instances.
const FRONT: &str = "nginx";

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let instances = files.instances()?;
    let is_front = |service: &&Service| {
        service.image_name().contains(FRONT) || instances.iter().any(|instance| instance.name == service.name)
    };
    let open: Vec<_> = instances.iter().filter(|instance| asks_for_no_token(instance)).map(|one| &one.name).collect();
    let ways = compose.services.iter().filter(is_front).flat_map(|service| {
        let beyond = service.published.iter().filter(|port| port.is_beyond_this_machine());
        beyond.map(move |port| format!("{} on port {}", service.name, port.port))
    });
    let ways: Vec<_> = ways.collect();
    if open.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} instances ask for tokens", instances.len())));
    }
    if ways.is_empty() {
        return Ok(CheckOutcome::pass("open, and published on this machine only"));
    }
    Ok(CheckOutcome::warn(
        format!("whoever reaches {} may do everything", ways.join(", ")),
        "set STOREMGR_TOKENS_FILE (`storemgr token new` makes the lines), or publish the port on 127.0.0.1",
    ))
}

fn asks_for_no_token(instance: &Service) -> bool {
    instance.setting("--tokens-file", "STOREMGR_TOKENS_FILE").is_none_or(|file| file.trim().is_empty())
}
