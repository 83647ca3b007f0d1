//! Sends more orders than the store can take, and measures what it still stores and how it refuses the rest.
//!
//! A load generator on the same two cores cannot send ten times what the store can take. So the database is placed 20
//! ms away and a transaction takes at most 32 orders. The capacity then depends on the distance and not on the
//! processors, as for a store in front of a replicated database.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::database::{Database, Server};
use crate::effort::Effort;
use crate::mix::{Mix, PRODUCTS};
use crate::open_loop::{self, Seen, percentile};
use crate::outcome::{Outcome, figure, say};
use crate::processes::{Process, cpu, cpu_us};
use crate::proxy::Distance;
use crate::store::Store;
use crate::wrk;

/// The delay of the database's answers.
const DISTANCE: Duration = Duration::from_millis(20);

const POOL: u32 = 8;

pub(crate) async fn measure(server: &Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let database = Database::seeded(server, "overload", 0).await?;
    let proxy = Distance::before(server.host.clone(), server.port, DISTANCE).await?;
    let mut distant = database.clone();
    "127.0.0.1".clone_into(&mut distant.server.host);
    distant.server.port = proxy.port;
    let pool = POOL.to_string();
    let store = Store::start(&distant, &["--order-batch", "32", "--db-pool-size", &pool]).await?;
    let bodies = Arc::new(Mix { products: PRODUCTS }.bodies(20_000));

    // The peak: enough closed connections to fill every batch, without a queue behind them.
    let peak = wrk::orders(&store.target, 96, Duration::from_secs(10), &bodies).await?;
    let capacity = peak.per_second - peak.failed as f64 / 10.0;
    say(&format!("peak: {} orders/s", figure(capacity)));
    let calm = store.process().and_then(Process::resident_mib).unwrap_or(f64::NAN);

    let mut rows = Vec::new();
    for times in [1.0, 5.0, 10.0] {
        let rate = capacity * times;
        let watching = Watch::start(&store);
        let (own, generator) = (store.processes(), [Process(std::process::id())]);
        let before = (cpu(&own), cpu(&generator));
        let seen = open_loop::run(&store.target, rate, effort.duration, &bodies).await;
        let watched = watching.end().await;
        // Used cores, which is microseconds of processor time per microsecond.
        let us = effort.duration.as_secs_f64() * 1e6;
        let cores = (cpu_us(&own, before.0, us), cpu_us(&generator, before.1, us));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let after = open_loop::run(&store.target, capacity / 4.0, Duration::from_secs(2), &bodies).await;
        ensure!(seen.other.is_empty(), "neither accepted nor refused: {:?}", &seen.other[..seen.other.len().min(3)]);
        let depth = store.metric("storemgr_order_queue_depth").await?;
        let mut cells = row(&seen, &after, rate, capacity, effort.duration, watched, depth);
        cells.push(format!("{} / {}", figure(cores.0), figure(cores.1)));
        rows.push((format!("{times} x"), cells));
    }
    say(&format!("resident memory after the peak and before the overload: {calm:.1} MiB"));
    let columns = [
        "load",
        "offered/s",
        "accepted/s",
        "of peak",
        "503",
        "p99 ms acc.",
        "max ms any",
        "conns",
        "MiB",
        "p99 ms after 1 s",
        "cores store/gen.",
    ];
    outcome.table(
        &format!(
            "Overload: open arrival rate for {} s each; database 20 ms away, 32 orders a transaction",
            effort.duration.as_secs()
        ),
        &columns,
        &rows,
    );
    store.stop().await?;
    database.drop().await
}

fn row(
    seen: &Seen,
    after: &Seen,
    rate: f64,
    capacity: f64,
    duration: Duration,
    (connections, resident_mib): (f64, f64),
    depth: f64,
) -> Vec<String> {
    let goodput = seen.accepted as f64 / duration.as_secs_f64();
    let refused = seen.refused as f64 / (seen.refused + seen.accepted) as f64;
    let later = percentile(&after.accepted_ms, 0.99);
    let left = if depth > 0.0 || after.refused > 0 { " (not yet)" } else { "" };
    vec![
        figure(rate),
        figure(goodput),
        format!("{:.2}", goodput / capacity),
        format!("{:.0} %", refused * 100.0),
        figure(percentile(&seen.accepted_ms, 0.99)),
        figure(percentile(&seen.answered_ms, 1.0)),
        figure(connections),
        figure(resident_mib),
        format!("{}{left}", figure(later)),
    ]
}

/// Reads connections and memory ten times a second, and keeps the highest values.
struct Watch {
    task: tokio::task::JoinHandle<()>,
    highest: Arc<std::sync::Mutex<(f64, f64)>>,
}

impl Watch {
    fn start(store: &Store) -> Self {
        let highest = Arc::new(std::sync::Mutex::new((0.0_f64, 0.0_f64)));
        let (process, target, kept) = (store.process(), store.target.clone(), Arc::clone(&highest));
        let task = tokio::spawn(async move {
            loop {
                let resident = process.and_then(Process::resident_mib).unwrap_or(f64::NAN);
                let connections = crate::store::database_connections(&target).await.unwrap_or(f64::NAN);
                if let Ok(mut kept) = kept.lock() {
                    *kept = (kept.0.max(connections), kept.1.max(resident));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { task, highest }
    }

    async fn end(self) -> (f64, f64) {
        self.task.abort();
        drop(self.task.await);
        self.highest.lock().map_or((f64::NAN, f64::NAN), |highest| *highest)
    }
}
