//! Kills the primary of a group in the middle of a load test, and finds out from when on orders are accepted again.
//!
//! From the kill on it sends small orders of its own, until one is accepted. They are no part of the load test, and no figure
//! of it includes them; but they are orders, so whoever counts what the database has must count them too.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::Method;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::failure::RungFailure;
use super::measurement::Failover;
use super::store::{Running, StoreStarter};
use crate::db::{Address, DbError, ServerCounters, Session};
use crate::net::{Target, request_once};
use crate::run_result::{FailureKind, RunResult};
use crate::stack::Part;

/// The pause between two orders: the error of the time that is measured.
const PAUSE: Duration = Duration::from_millis(50);

/// The most orders that wait for an answer at the same time. The store keeps an order for a while before it refuses it.
const MOST_WAITING: usize = 32;

/// The time limit of one of these orders, which is that of the load test.
const LIMIT: Duration = Duration::from_mins(1);

/// How long orders are sent if none is accepted: several times as long as a group needs on a busy machine.
const LONGEST: Duration = Duration::from_mins(2);

/// The time limit of each statement that counts.
const DATABASE_LIMIT: Duration = Duration::from_secs(30);

/// The status of an order that was accepted, and that of a refusal.
const ACCEPTED: u16 = 201;
const REFUSED: &str = "503";

/// The loss of the primary.
#[derive(Debug)]
pub(super) struct Loss {
    begun: Instant,
    killed: Instant,
    accepted: Option<Instant>,
    orders: Vec<OwnOrder>,
    /// What the primary had counted when it was killed, if that is known.
    pub(super) last_counters: Option<ServerCounters>,
}

/// An order of the lab that has ended.
#[derive(Clone, Copy, Debug)]
struct OwnOrder {
    ended: Instant,
    /// The status of the answer; `None` without one.
    status: Option<u16>,
}

/// Runs a load, and beside it what happens to the store meanwhile, which may last longer. If the load breaks, nothing
/// happens any more.
pub(super) async fn beside<L, E, H>(
    load: impl Future<Output = Result<L, E>>,
    happening: impl Future<Output = H>,
) -> Result<(L, H), E> {
    let (mut load, mut happening) = (std::pin::pin!(load), std::pin::pin!(happening));
    tokio::select! {
        ran = &mut load => Ok((ran?, happening.await)),
        happened = &mut happening => Ok((load.await?, happened)),
    }
}

/// Kills the primary after this time, and returns when the store has accepted an order again.
pub(super) async fn lose_primary(
    store: &StoreStarter<'_>,
    running: &Running,
    after: Duration,
) -> Result<Loss, RungFailure> {
    let begun = Instant::now();
    store.unless_stopped(sleep(after)).await?;
    let last_counters = counters(&running.access.database).await.ok();
    store.stack.fail(Part::Primary).await?;
    let killed = Instant::now();
    let (accepted, orders) = store.unless_stopped(until_accepted(&running.target, killed)).await?;
    Ok(Loss { begun, killed, accepted, orders, last_counters })
}

async fn counters(database: &Address) -> Result<ServerCounters, DbError> {
    Session::connect_to_watch(database, DATABASE_LIMIT).await?.server_counters().await
}

/// Sends orders until one is accepted, and waits for the answers to the others. Returns when the first one was accepted.
async fn until_accepted(target: &Target, killed: Instant) -> (Option<Instant>, Vec<OwnOrder>) {
    let (mut accepted, mut ended) = (None, Vec::new());
    let mut waiting = FuturesUnordered::new();
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let goes_on = accepted.is_none() && killed.elapsed() < LONGEST && waiting.len() < MOST_WAITING;
        tokio::select! {
            _ = ticks.tick(), if goes_on => waiting.push(order(target)),
            Some(order) = waiting.next() => {
                accepted = accepted.or((order.status == Some(ACCEPTED)).then_some(order.ended));
                ended.push(order);
            }
            else => return (accepted, ended),
        }
    }
}

async fn order(target: &Target) -> OwnOrder {
    let body = r#"{"user_id":1,"items":[{"product_id":1,"quantity":1}]}"#;
    let headers = [("content-type", "application/json")];
    let answer = request_once(target, Method::POST, "/orders", &headers, body.into(), LIMIT).await;
    OwnOrder { ended: Instant::now(), status: answer.ok().map(|answer| answer.status.as_u16()) }
}

/// Counts the orders that the database has. An error is a sentence.
pub(super) async fn count_orders(database: &Address) -> Result<u64, String> {
    let count = async { Session::connect(database, DATABASE_LIMIT).await?.contents().await };
    let contents = count.await.map_err(|error| format!("the orders of the database cannot be counted: {error}"))?;
    Ok(contents.orders)
}

impl Loss {
    /// The orders of the lab that were answered until then, and how many of them failed.
    pub(super) fn answered_until(&self, end: Instant) -> (u64, u64) {
        let statuses = self.orders.iter().filter(|order| order.ended <= end).filter_map(|order| order.status);
        statuses.fold((0, 0), |(all, failed), status| (all + 1, failed + u64::from(status >= 400)))
    }

    /// The figures. `stored` is by how many orders the database has grown.
    pub(super) fn figures(&self, load: &RunResult, stored: Option<u64>) -> Failover {
        let seconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64();
        let killed_at_s = seconds(self.begun, self.killed);
        let (failed, refused) = failed_since(load, killed_at_s);
        let own_accepted = self.orders.iter().filter(|order| order.status == Some(ACCEPTED)).count() as u64;
        Failover {
            killed_at_s,
            accepted_after_s: self.accepted.map(|accepted| seconds(self.killed, accepted)),
            failed,
            refused,
            own_orders: self.orders.len() as u64,
            accepted_orders: accepted_orders(load) + own_accepted,
            stored_orders: stored,
        }
    }
}

/// The orders of a load test that were accepted.
fn accepted_orders(load: &RunResult) -> u64 {
    let orders = load.routes.iter().filter(|route| route.method == "POST");
    orders.map(|route| route.requests.saturating_sub(route.failures)).sum()
}

/// The requests that failed from this second on, in the windows of the load test, and how many of them were refused.
fn failed_since(load: &RunResult, second: f64) -> (u64, u64) {
    let failed: u64 = load.timeline.iter().filter(|point| point.at_s > second).map(|point| point.failures).sum();
    let is_refusal = |message: &str, kind| kind == FailureKind::Http && message.starts_with(REFUSED);
    let groups = load.failure_groups.iter().filter(|group| is_refusal(&group.message, group.kind));
    // Before the kill hardly anything fails, and the groups do not tell when.
    (failed, groups.map(|group| group.count).sum::<u64>().min(failed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{TimelinePoint, example_run};

    /// A load test whose windows of a second have these failures.
    fn load(failures: &[u64]) -> RunResult {
        let mut load = example_run();
        let window = |(at, failures): (u32, &u64)| TimelinePoint {
            at_s: f64::from(at),
            window_s: 1.0,
            users: 150,
            requests: 100,
            failures: *failures,
            latency_ms: None,
            succeeded_latency_ms: None,
            failed_latency_ms: None,
            cpu_cores: 0.1,
            standstill_s: 0.0,
        };
        load.timeline = (1..).zip(failures).map(window).collect();
        load.routes.truncate(1);
        (load.routes[0].method, load.routes[0].requests, load.routes[0].failures) = ("POST".to_owned(), 100, 40);
        load.failure_groups.truncate(1);
        let group = &mut load.failure_groups[0];
        (group.kind, group.message, group.count) = (FailureKind::Http, "503 no server takes writes".to_owned(), 30);
        load
    }

    fn loss(statuses: &[Option<u16>]) -> Loss {
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let ended = |(number, status): (u64, &Option<u16>)| OwnOrder { ended: at(3 + number), status: *status };
        let orders: Vec<_> = (0..).zip(statuses).map(ended).collect();
        let accepted = orders.iter().find(|order| order.status == Some(ACCEPTED)).map(|order| order.ended);
        Loss { begun, killed: at(2), accepted, orders, last_counters: None }
    }

    #[test]
    fn what_failed_after_the_kill_and_what_was_lost_is_counted() {
        let loss = loss(&[Some(503), None, Some(201), Some(201)]);
        let figures = loss.figures(&load(&[1, 0, 20, 19]), Some(63));
        let expected = Failover {
            killed_at_s: 2.0,
            accepted_after_s: Some(3.0),
            failed: 39,
            refused: 30,
            own_orders: 4,
            accepted_orders: 62,
            stored_orders: Some(63),
        };
        assert_eq!(figures, expected);
        assert_eq!((figures.lost_orders(), figures.unacknowledged_orders()), (Some(0), Some(1)));
        let fewer = Failover { stored_orders: Some(60), ..figures.clone() };
        assert_eq!((fewer.lost_orders(), fewer.unacknowledged_orders()), (Some(2), Some(0)));
        let uncounted = Failover { stored_orders: None, ..figures };
        assert_eq!((uncounted.lost_orders(), uncounted.unacknowledged_orders()), (None, None));
    }

    #[test]
    fn orders_of_the_lab_are_told_from_those_of_the_load_by_their_end() {
        let loss = loss(&[Some(503), None, Some(201), Some(201)]);
        assert_eq!(loss.answered_until(loss.begun + Duration::from_secs(5)), (2, 1));
        assert_eq!(loss.answered_until(loss.begun + Duration::from_secs(9)), (3, 1));
        assert_eq!(self::loss(&[Some(503)]).figures(&load(&[]), None).accepted_after_s, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_may_outlast_the_load_but_not_one_that_breaks() {
        let after = |seconds| sleep(Duration::from_secs(seconds));
        let load = |seconds, result: Result<u8, u8>| async move {
            after(seconds).await;
            result
        };
        let happening = async |seconds| {
            after(seconds).await;
            "happened"
        };
        assert_eq!(beside(load(3, Ok(1)), happening(5)).await, Ok((1, "happened")));
        assert_eq!(beside(load(5, Ok(1)), happening(3)).await, Ok((1, "happened")));
        let begun = Instant::now();
        assert_eq!(beside(load(1, Err(2)), happening(100)).await, Err(2));
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
}
