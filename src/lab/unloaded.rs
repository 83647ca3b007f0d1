//! Sends one request at a time before the load, to measure the cost of an order and of a report without other load.
//!
//! The counters of the database server are read before and after each request. A scrape by Prometheus, which comes every
//! second, or the service's own check of the database's limits may fall in between; the median of several orders excludes
//! them.

use std::time::{Duration, Instant};

use hyper::Method;

use super::measurement::UnloadedRequests;
use super::watcher::unwatched;
use crate::db::{Address, ServerCounters, Session};
use crate::net::{Answer, Target, request_once};

/// The number of orders that are placed, of which the median is taken.
const ORDERS: usize = 9;

/// The time limit of an answer; a scan of a long history takes long.
pub(super) const LIMIT: Duration = Duration::from_mins(1);

/// Requests a report and places several orders, one at a time. An error is a sentence.
pub(super) async fn ask(target: &Target, database: &Address) -> Result<UnloadedRequests, String> {
    let mut session = Session::connect(database, LIMIT).await.map_err(unwatched)?;
    let mut alone = UnloadedRequests::default();
    let (took, counted) = measure(&mut session, target, Method::GET, "/orders/reports/best-sellers", "").await?;
    (alone.cold_report_ms, alone.cold_report_rows) = (took, counted.rows_read);
    let (mut times, mut statements) = (Vec::new(), Vec::new());
    for number in 1..=ORDERS {
        let item = |product: usize| format!(r#"{{"product_id":{product},"quantity":1}}"#);
        let items = [number, number + ORDERS, number + 2 * ORDERS].map(item).join(",");
        let order = format!(r#"{{"user_id":{number},"items":[{items}]}}"#);
        let (took, counted) = measure(&mut session, target, Method::POST, "/orders", &order).await?;
        times.push(took);
        statements.push(counted.statements);
    }
    times.sort_by(f64::total_cmp);
    statements.sort_unstable();
    (alone.order_ms, alone.order_statements) = (times[ORDERS / 2], statements[ORDERS / 2]);
    Ok(alone)
}

/// Sends one request, which must succeed. Returns its time in milliseconds, including the connection, and what the server
/// counted.
async fn measure(
    session: &mut Session,
    target: &Target,
    method: Method,
    path: &str,
    body: &str,
) -> Result<(f64, ServerCounters), String> {
    let Sent { took_ms, counted, answer } = send(session, target, method.clone(), path, body.to_owned()).await?;
    if !answer.status.is_success() {
        let said = answer.text();
        return Err(format!("{method} {path} alone was answered {}: {}", answer.status.as_u16(), said.trim()));
    }
    Ok((took_ms, counted))
}

/// A request that was answered, whatever the answer is.
#[derive(Debug)]
pub(super) struct Sent {
    /// Its time in milliseconds, including the connection.
    pub(super) took_ms: f64,
    /// What the database server counted meanwhile.
    pub(super) counted: ServerCounters,
    /// The answer.
    pub(super) answer: Answer,
}

/// Sends one request while nothing else is sent.
pub(super) async fn send(
    session: &mut Session,
    target: &Target,
    method: Method,
    path: &str,
    body: String,
) -> Result<Sent, String> {
    let before = session.server_counters().await.map_err(unwatched)?;
    let headers: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
    let start = Instant::now();
    let answer = request_once(target, method.clone(), path, headers, body.into(), LIMIT).await;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    let answer = answer.map_err(|error| format!("{method} {path} alone was not answered: {error}"))?;
    let counted = session.server_counters().await.map_err(unwatched)?.since(&before);
    Ok(Sent { took_ms, counted, answer })
}
