//! What the experiments beside the ladder came to, in the format of their files.

use serde::{Deserialize, Serialize};

use crate::run_result::{RunResult, Verdict};
use crate::stack::Balance;

/// The cost of orders by their number of articles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderLines {
    /// One entry for each writer and number of articles.
    pub orders: Vec<OrderOfLines>,
    /// What could not be measured and why, one sentence each.
    pub remarks: Vec<String>,
}

/// Orders with one number of articles, written by one writer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderOfLines {
    /// The value of `--order-writer`.
    pub writer: String,
    /// The number of articles.
    pub lines: u64,
    /// The number of bytes of the request's body.
    pub body_bytes: u64,
    /// The status of the answer.
    pub status: u16,
    /// The response time in milliseconds; the median of several orders.
    pub took_ms: f64,
    /// The number of statements that the database ran; the median of several orders.
    pub statements: u64,
    /// Why the order was refused: the code of the answer.
    pub refused_code: Option<String>,
    /// Why the order was refused: the sentence of the answer.
    pub refused_because: Option<String>,
}

/// Balancing policies against each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Balancing {
    /// The number of users, who have no think time.
    pub users: u32,
    /// The share of one processor to which each instance was held.
    pub share: f64,
    /// The share to which the slow instance was held.
    pub slow_share: f64,
    /// All load tests, that of one instance alone first.
    pub runs: Vec<BalancedRun>,
    /// What could not be measured and why, one sentence each.
    pub remarks: Vec<String>,
}

/// One load test on instances that are held to their shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalancedRun {
    /// The policy; `None` for one instance without nginx.
    pub policy: Option<Balance>,
    /// Whether the last instance was slow.
    pub one_slow: bool,
    /// The instances, in order.
    pub instances: Vec<BalancedInstance>,
    /// The number of requests.
    pub requests: u64,
    /// The number of good answers per second.
    pub good_per_s: f64,
    /// The share of requests that failed, from 0 to 1; `None` without a request.
    pub fail_ratio: Option<f64>,
    /// The median response time of good answers, in milliseconds; `None` without one.
    pub p50_ms: Option<f64>,
    /// The 95th percentile of the response time of good answers, in milliseconds; `None` without one.
    pub p95_ms: Option<f64>,
    /// The message of most failures.
    pub most_frequent_failure: Option<String>,
    /// Whether the load generator was the bottleneck.
    pub verdict: Verdict,
}

/// What one instance did in a load test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BalancedInstance {
    /// The requests that it answered, as Prometheus counted them; `None` if Prometheus could not tell.
    pub requests: Option<u64>,
    /// Its part of the requests of all instances, from 0 to 1.
    pub part: Option<f64>,
    /// The mean number of processors that it used.
    pub cpu_cores: Option<f64>,
}

impl BalancedRun {
    pub(super) fn of(
        policy: Option<Balance>,
        one_slow: bool,
        instances: Vec<BalancedInstance>,
        run: &RunResult,
    ) -> Self {
        let good = run.aggregated.good_answers();
        Self {
            policy,
            one_slow,
            instances,
            requests: run.requests,
            good_per_s: good.per_second,
            fail_ratio: run.fail_ratio,
            p50_ms: good.time(|times| times.p50),
            p95_ms: good.time(|times| times.p95),
            most_frequent_failure: run.failure_groups.first().map(|group| group.message.clone()),
            verdict: run.verdict,
        }
    }
}
