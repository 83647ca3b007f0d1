//! `clocks-agree`: all machines have the same time. Reports, the expiry of keys, logs and rates depend on it.

use std::time::{Duration, SystemTime};

use hyper::Method;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;
use crate::promql::Prometheus;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "clocks-agree",
    expected: "the clocks of the database, the instances, nginx and Prometheus are within 2 s of this one",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The largest difference that passes. The header `Date` has whole seconds, so smaller differences cannot be measured.
const TOLERANCE: Duration = Duration::from_secs(2);

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    let mut compare = |name: String, reading: Option<Reading>| {
        asked += usize::from(reading.is_some());
        let apart = reading.map(Reading::apart).unwrap_or_default();
        if apart > TOLERANCE {
            wrong.push(format!("{name} is {} away from this machine's clock", units::duration(apart)));
        }
    };
    if let Ok(mut session) = deployment.session().await {
        let before = SystemTime::now();
        let clock = session.server_clock().await.ok();
        compare("the database".to_owned(), clock.map(|clock| Reading { before, clock, after: SystemTime::now() }));
    }
    let targets = deployment
        .instances
        .iter()
        .chain(&deployment.front)
        .chain(deployment.prometheus.as_ref().map(Prometheus::target));
    for target in targets {
        compare(target.to_string(), date_of(deployment, target).await);
    }
    if asked == 0 {
        return Err(CheckOutcome::skip(
            "no service whose clock could be compared answers",
            "see database-reachable and instances-live",
        ));
    }
    if wrong.is_empty() {
        return Ok(CheckOutcome::pass(format!("{asked} clocks")));
    }
    Ok(CheckOutcome::fail(
        wrong.join("\n"),
        "let every machine take its time from the network (chrony, systemd-timesyncd)",
    ))
}

/// The time that another clock showed at some moment between two readings of our own.
#[derive(Clone, Copy)]
struct Reading {
    before: SystemTime,
    clock: SystemTime,
    after: SystemTime,
}

impl Reading {
    /// The smallest difference between the clocks that explains this reading.
    fn apart(self) -> Duration {
        let behind = self.before.duration_since(self.clock).unwrap_or_default();
        let ahead = self.clock.duration_since(self.after).unwrap_or_default();
        behind.max(ahead)
    }
}

async fn date_of(deployment: &RunningDeployment, target: &Target) -> Option<Reading> {
    let before = SystemTime::now();
    let answer = deployment.request(target, Method::GET, "/live", &[], Vec::new()).await.ok()?;
    let clock = httpdate::parse_http_date(answer.headers.get("date")?.to_str().ok()?).ok()?;
    Some(Reading { before, clock, after: SystemTime::now() })
}
