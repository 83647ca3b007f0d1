//! `reports-fresh`: every instance refreshes its reports.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "reports-fresh",
    expected: "a report that is asked for again is no older than --report-age",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// Each report's route, and its label in the metric of its age.
const REPORTS: [(&str, &str); 2] = [
    ("/orders/reports/best-sellers", r#"report="best_sellers""#),
    ("/orders/reports/highest-spenders", r#"report="highest_spenders""#),
];

/// The time that a report may take to be refreshed: meanwhile a stale one is served. A busy machine takes a second and more.
const REFRESH: Duration = Duration::from_secs(5);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let mut asked = Vec::new();
    for instance in deployment.instance_targets()? {
        // instances-ready reports an instance that is not ready.
        if deployment.get(instance, "/ready").await.is_ok() {
            asked.extend(REPORTS.map(|(path, label)| Asked { instance, path, label, age_s: f64::INFINITY }));
        }
    }
    if asked.is_empty() {
        return Err(CheckOutcome::skip("no instance is ready", "see instances-ready"));
    }
    let (limit_s, patience) = (deployment.report_age.as_secs_f64(), deployment.patience());
    loop {
        for report in asked.iter_mut().filter(|report| report.age_s > limit_s) {
            if let Err(reason) = report.ask(deployment).await {
                return Ok(CheckOutcome::fail(
                    format!("{}{}: {reason}", report.instance, report.path),
                    "the instance's log says more",
                ));
            }
        }
        let stale = asked.iter().filter(|report| report.age_s > limit_s);
        let stale: Vec<_> = stale.map(Asked::sentence).collect();
        if stale.is_empty() {
            let oldest_s = asked.iter().map(|report| report.age_s).fold(0.0, f64::max);
            return Ok(CheckOutcome::pass(format!("{} reports, none older than {oldest_s:.0} s", asked.len())));
        }
        if !patience.look_again(REFRESH).await {
            let advice = "lower STOREMGR_REPORT_TTL, or look for refreshes that fail in the log";
            return Ok(CheckOutcome::fail(stale.join("\n"), advice));
        }
    }
}

/// A report of an instance, and the age that it had when it was asked for last.
struct Asked<'a> {
    instance: &'a Target,
    path: &'static str,
    label: &'static str,
    age_s: f64,
}

impl Asked<'_> {
    async fn ask(&mut self, deployment: &RunningDeployment) -> Result<(), String> {
        deployment.get(self.instance, self.path).await?;
        let age_s = deployment.metric(self.instance, "storemgr_report_age_seconds", self.label).await;
        self.age_s = age_s.unwrap_or(f64::INFINITY);
        Ok(())
    }

    fn sentence(&self) -> String {
        let Self { instance, path, age_s, .. } = self;
        if age_s.is_finite() {
            format!("{instance}{path} is {age_s:.0} s old")
        } else {
            format!("{instance}{path} does not say how old it is")
        }
    }
}
