//! Sends orders at a fixed rate, whether answers come or not, as independent users do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use storemgr::net::{Connection, Limits, NetError, Target};
use tokio::time::{Instant, MissedTickBehavior};

/// The results of one load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) accepted: u64,
    /// Orders answered with 503 and `Retry-After`.
    pub(crate) refused: u64,
    /// Every other answer or failure, as text.
    pub(crate) other: Vec<String>,
    /// Milliseconds from the instant at which an order was due to its answer, for all answers.
    pub(crate) answered_ms: Vec<f64>,
    pub(crate) accepted_ms: Vec<f64>,
}

/// Idle connections.
#[derive(Default)]
struct Idle(Mutex<Vec<Connection>>);

/// Sends `rate` orders per second for `duration`, and waits for all answers.
pub(crate) async fn run(target: &Target, rate: f64, duration: Duration, bodies: &Arc<Vec<String>>) -> Seen {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let idle = Arc::new(Idle::default());
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut sent = 0_u64;
    let mut tasks = tokio::task::JoinSet::new();
    while started.elapsed() < duration {
        ticks.tick().await;
        while (sent as f64) < started.elapsed().as_secs_f64() * rate {
            let due = started + Duration::from_secs_f64(sent as f64 / rate);
            let body = bodies[sent as usize % bodies.len()].clone();
            let (target, idle, seen) = (target.clone(), Arc::clone(&idle), Arc::clone(&seen));
            tasks.spawn(async move {
                let answered = send(&target, &idle, body).await;
                let took = due.elapsed().as_secs_f64() * 1e3;
                write_down(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), answered, took);
            });
            sent += 1;
        }
        while tasks.try_join_next().is_some() {}
    }
    tasks.join_all().await;
    Arc::into_inner(seen).and_then(|seen| seen.into_inner().ok()).unwrap_or_default()
}

async fn send(target: &Target, idle: &Idle, body: String) -> Result<(u16, bool, String), NetError> {
    let kept = idle.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = match kept {
        Some(connection) if connection.is_open() => connection,
        _ => Connection::open(target, Limits::default()).await?,
    };
    let headers = [("content-type", "application/json")];
    let answer = connection.send(Method::POST, "/orders", &headers, Bytes::from(body)).await?;
    let told = (answer.status.as_u16(), answer.headers.contains_key("retry-after"), answer.text());
    idle.0.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    Ok(told)
}

fn write_down(seen: &mut Seen, answered: Result<(u16, bool, String), NetError>, took_ms: f64) {
    match answered {
        Ok((201, ..)) => {
            seen.accepted += 1;
            seen.accepted_ms.push(took_ms);
        }
        Ok((503, true, _)) => seen.refused += 1,
        Ok((status, _, text)) => seen.other.push(format!("{status} {text}")),
        Err(error) => seen.other.push(error.to_string()),
    }
    seen.answered_ms.push(took_ms);
}

/// The percentile of the values by the nearest-rank method; `share` is 0 to 1.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
