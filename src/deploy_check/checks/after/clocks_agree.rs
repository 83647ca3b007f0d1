//! `clocks-agree`: everybody has the same time. Reports, keys that expire, logs and rates all go by it.

use std::time::{Duration, SystemTime};

use hyper::Method;

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;
use crate::net::{self, Target};
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "clocks-agree",
    expected: "the clocks of the database, the instances, nginx and Prometheus are within 2 s of this one",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

/// The header `Date` has whole seconds, so less than this cannot be told for certain.
const TOLERANCE: Duration = Duration::from_secs(2);

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    let mut compare = |name: String, reading: Option<Reading>| {
        asked += usize::from(reading.is_some());
        let apart = reading.map(Reading::apart).unwrap_or_default();
        if apart > TOLERANCE {
            wrong.push(format!("{name} is {} away from this machine's clock", units::duration(apart)));
        }
    };
    if let Ok(mut session) = surroundings.session().await {
        let before = SystemTime::now();
        let clock = session.server_clock().await.ok();
        compare("the database".to_owned(), clock.map(|clock| Reading { before, clock, after: SystemTime::now() }));
    }
    let targets = surroundings.instances.iter().chain(&surroundings.front).chain(&surroundings.prometheus);
    for target in targets {
        compare(target.to_string(), date_of(surroundings, target).await);
    }
    if asked == 0 {
        return Err(Outcome::skip("nothing that has a clock answers", "see database-reachable and instances-live"));
    }
    if wrong.is_empty() {
        return Ok(Outcome::pass(format!("{asked} clocks")));
    }
    Ok(Outcome::fail(wrong.join("\n"), "let every machine take its time from the network (chrony, systemd-timesyncd)"))
}

/// What another clock showed at some moment between two of ours.
#[derive(Clone, Copy)]
struct Reading {
    before: SystemTime,
    clock: SystemTime,
    after: SystemTime,
}

impl Reading {
    /// The least that the clocks can be apart.
    fn apart(self) -> Duration {
        let behind = self.before.duration_since(self.clock).unwrap_or_default();
        let ahead = self.clock.duration_since(self.after).unwrap_or_default();
        behind.max(ahead)
    }
}

async fn date_of(surroundings: &Surroundings, target: &Target) -> Option<Reading> {
    let before = SystemTime::now();
    let answer = net::request_once(target, Method::GET, "/live", &[], Vec::new(), surroundings.timeout).await.ok()?;
    let clock = httpdate::parse_http_date(answer.headers.get("date")?.to_str().ok()?).ok()?;
    Some(Reading { before, clock, after: SystemTime::now() })
}
