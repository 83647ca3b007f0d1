//! The results of a run's journeys: how many were made, how long they took, and where they failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latency::{LatencySummary, or_nulls};
use super::route::{Histograms, RouteSummary};
use crate::stats::Latencies;

/// The word that stands in place of a method where a journey is a row among routes.
pub const JOURNEY: &str = "journey";

/// The results of one journey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JourneySummary {
    /// The name in the scenario.
    pub name: String,
    /// Journeys that came to their end, or failed on the way.
    pub journeys: u64,
    /// How many of these failed: at the first step that failed, a journey ends.
    pub failures: u64,
    /// The share of failures, from 0 to 1; null without a journey.
    pub fail_ratio: Option<f64>,
    /// Further journeys that were on their way when the run ended.
    pub unfinished: u64,
    /// Journeys that ended while requests were sent, per second.
    pub journeys_per_s: f64,
    /// Failures in that time, per second.
    pub failures_per_s: f64,
    /// The time of all journeys without thinking, from the instant each was due; null without any.
    #[serde(with = "or_nulls")]
    pub latency_ms: Option<LatencySummary>,
    /// That of journeys that succeeded.
    #[serde(with = "or_nulls")]
    pub succeeded_latency_ms: Option<LatencySummary>,
    /// That of journeys that failed, until they did.
    #[serde(with = "or_nulls")]
    pub failed_latency_ms: Option<LatencySummary>,
    /// The steps in their order.
    pub steps: Vec<StepSummary>,
    /// The times as histograms, so that results can be merged and compared exactly.
    pub histograms: Histograms,
}

/// What became of one step of all journeys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StepSummary {
    /// The name in the scenario.
    pub name: String,
    /// The method of its request.
    pub method: String,
    /// The route under which its requests are counted.
    pub route: String,
    /// How often it was made. A step that waits for a state may have sent many requests in that time.
    pub made: u64,
    /// How many journeys failed at it.
    pub failed: u64,
    /// In how many journeys it was not sent, because a step before it had failed.
    pub not_sent: u64,
    /// In how many journeys its condition left it out.
    pub left_out: u64,
    /// Where it waits for a state: how long that took; null otherwise.
    #[serde(default)]
    pub waited_ms: Option<LatencySummary>,
}

impl JourneySummary {
    /// It as a row among routes, for what is told of both in the same way.
    pub fn as_route(&self) -> RouteSummary {
        RouteSummary {
            method: JOURNEY.to_owned(),
            route: self.name.clone(),
            requests: self.journeys,
            failures: self.failures,
            unanswered: self.unfinished,
            requests_per_s: self.journeys_per_s,
            failures_per_s: self.failures_per_s,
            latency_ms: self.latency_ms.clone(),
            succeeded_service_ms: None,
            failed_service_ms: None,
            succeeded_latency_ms: self.succeeded_latency_ms.clone(),
            failed_latency_ms: self.failed_latency_ms.clone(),
            average_body_bytes: None,
            average_decoded_bytes: None,
            redirects: 0,
            statuses: Some(BTreeMap::new()),
            checks: None,
            histograms: self.histograms.clone(),
        }
    }

    /// The figures of its times.
    pub fn set_times(&mut self, succeeded: &Latencies, failed: &Latencies, unfinished: &Latencies) {
        let mut all = succeeded.clone();
        all.merge(failed);
        (self.journeys, self.failures, self.unfinished) = (all.count(), failed.count(), unfinished.count());
        self.fail_ratio = (self.journeys > 0).then(|| self.failures as f64 / self.journeys as f64);
        self.latency_ms = LatencySummary::of(&all);
        self.succeeded_latency_ms = LatencySummary::of(succeeded);
        self.failed_latency_ms = LatencySummary::of(failed);
        let unanswered = (unfinished.count() > 0).then(|| unfinished.clone());
        let (succeeded, failed) = (succeeded.clone(), failed.clone());
        self.histograms = Histograms { succeeded, failed, unanswered, ..Histograms::default() };
    }

    /// A journey that was never made.
    pub fn new(name: String, steps: Vec<StepSummary>) -> Self {
        Self {
            name,
            journeys: 0,
            failures: 0,
            fail_ratio: None,
            unfinished: 0,
            journeys_per_s: 0.0,
            failures_per_s: 0.0,
            latency_ms: None,
            succeeded_latency_ms: None,
            failed_latency_ms: None,
            steps,
            histograms: Histograms::default(),
        }
    }
}
