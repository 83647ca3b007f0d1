//! `migration-planned`: the schema is brought up to date before an instance needs it.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "migration-planned",
    expected: "every instance migrates at its start, or waits for a service that has migrated",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let instances = files.instances()?;
    let migrates = |name: &String| {
        compose.service(name).is_some_and(|service| service.words().iter().any(|word| word == "migrate"))
    };
    let mut wrong = Vec::new();
    for instance in &instances {
        let waits = instance.depends_on.iter();
        let done = waits.filter(|(_, what)| *what == "service_completed_successfully").any(|(name, _)| migrates(name));
        if leaves_it(instance) && !done {
            wrong.push(format!("{} does not migrate, and waits for no service that does", instance.name));
        }
    }
    if wrong.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} instances", instances.len())));
    }
    let advice = "let it depend on a service that runs `migrate`, with the condition service_completed_successfully";
    Ok(CheckOutcome::fail(wrong.join("\n"), advice))
}

/// Whether an instance is configured not to migrate at its start.
fn leaves_it(instance: &Service) -> bool {
    let variable = instance.environment.get("STOREMGR_NO_MIGRATE").is_some_and(|value| value == "true");
    variable || instance.words().iter().any(|word| word == "--no-migrate")
}
