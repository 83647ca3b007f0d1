//! `disk-margin`: enough of each disk is free.

use std::path::Path;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "disk-margin",
    expected: "at least --disk-margin of the disk of each --data folder is free, in bytes and in files",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

#[expect(clippy::unused_async, reason = "checks are all alike")]
async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let (mut folders, mut full) = (Vec::new(), false);
    for folder in &deployment.data {
        let (ratio, free) = free(folder).map_err(|error| {
            CheckOutcome::skip(
                format!("{} cannot be examined: {error}", folder.display()),
                "name the folder with --data",
            )
        })?;
        full |= ratio < deployment.disk_margin;
        folders.push(format!("{}: {} free ({})", folder.display(), units::percent(ratio), units::bytes(free)));
    }
    let seen = folders.join("\n");
    if full {
        return Ok(CheckOutcome::fail(
            seen,
            "remove old images (`docker image prune`) and logs, or give it a larger disk",
        ));
    }
    Ok(CheckOutcome::pass(seen))
}

/// The free share of a disk (0 to 1; of bytes or of files, whichever is smaller), and its free bytes.
fn free(folder: &Path) -> rustix::io::Result<(f64, u64)> {
    let disk = rustix::fs::statvfs(folder)?;
    let ratio = |free: u64, all: u64| if all == 0 { 1.0 } else { free as f64 / all as f64 };
    // The part that is reserved for root counts as full.
    let bytes = ratio(disk.f_bavail, disk.f_blocks);
    Ok((bytes.min(ratio(disk.f_favail, disk.f_files)), disk.f_bavail * disk.f_frsize))
}
