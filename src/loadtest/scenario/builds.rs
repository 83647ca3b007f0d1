//! Asks the instances of a store what runs in them, so that the page of a run says it.

use std::time::Duration;

use hyper::Method;

use crate::net::{Target, Way, request_by};
use crate::run_result::Build;

/// The longest that an instance may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What runs in those of these instances that tell it. Other services tell nothing.
pub async fn builds(instances: &[Target], way: &Way) -> Vec<Build> {
    let mut builds = Vec::new();
    // The requests are few, and HTTP/1.1 does for them.
    let way = Way { http2: false, ..way.clone() };
    for instance in instances {
        let asked = request_by(instance, &way, Method::GET, "/metrics", &[], Vec::new(), PATIENCE).await;
        let Some(answer) = asked.ok().filter(|answer| answer.status.is_success()) else { continue };
        builds.extend(Build::of_metrics(&instance.address(), &answer.text()));
    }
    builds
}
