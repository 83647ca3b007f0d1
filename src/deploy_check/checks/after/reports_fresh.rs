//! `reports-fresh`: every instance refreshes its reports.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "reports-fresh",
    expected: "a report that was asked for twice is no older than --report-age",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// Each report's route, and its label in the metric of its age.
const REPORTS: [(&str, &str); 2] = [
    ("/orders/reports/best-sellers", r#"report="best_sellers""#),
    ("/orders/reports/highest-spenders", r#"report="highest_spenders""#),
];

/// How often a report is asked for, and the pause in between: a stale report is served while it is being refreshed.
const TRIES: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let (mut oldest, mut stale, mut asked) = (0.0_f64, Vec::new(), 0);
    for instance in deployment.instance_targets()? {
        // instances-ready reports an instance that is not ready.
        if deployment.get(instance, "/ready").await.is_err() {
            continue;
        }
        for (path, label) in REPORTS {
            asked += 1;
            let mut age_s = f64::INFINITY;
            for attempt in 0..TRIES {
                if attempt > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                if let Err(reason) = deployment.get(instance, path).await {
                    return Ok(CheckOutcome::fail(
                        format!("{instance}{path}: {reason}"),
                        "the instance's log says more",
                    ));
                }
                let age = deployment.metric(instance, "storemgr_report_age_seconds", label).await;
                age_s = age_s.min(age.unwrap_or(f64::INFINITY));
                if age_s <= deployment.report_age.as_secs_f64() {
                    break;
                }
            }
            oldest = oldest.max(age_s);
            if age_s > deployment.report_age.as_secs_f64() {
                stale.push(format!("{instance}{path} is {age_s:.0} s old"));
            }
        }
    }
    if asked == 0 {
        return Err(CheckOutcome::skip("no instance is ready", "see instances-ready"));
    }
    if stale.is_empty() {
        return Ok(CheckOutcome::pass(format!("{asked} reports, none older than {oldest:.0} s")));
    }
    Ok(CheckOutcome::fail(stale.join("\n"), "lower STOREMGR_REPORT_TTL, or look for refreshes that fail in the log"))
}
