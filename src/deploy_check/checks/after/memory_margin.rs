//! `memory-margin`: enough of this machine's memory is available.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "memory-margin",
    expected: "at least --memory-margin of this machine's memory is available",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let text = tokio::fs::read_to_string("/proc/meminfo").await;
    let text = text.map_err(|_| {
        CheckOutcome::skip("this system's memory cannot be read from /proc/meminfo", "check it by hand")
    })?;
    let (Some(all), Some(available)) = (field(&text, "MemTotal"), field(&text, "MemAvailable")) else {
        return Err(CheckOutcome::skip("this system's memory cannot be read from /proc/meminfo", "check it by hand"));
    };
    let ratio = available as f64 / all.max(1) as f64;
    let seen = format!("{} of {} available", units::bytes(available), units::bytes(all));
    if ratio >= deployment.memory_margin {
        return Ok(CheckOutcome::pass(seen));
    }
    Ok(CheckOutcome::fail(seen, "see what takes it (`ps --sort=-rss`), lower the services' limits, or add memory"))
}

/// The value of a field of `/proc/meminfo`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
