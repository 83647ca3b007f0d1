//! Measures whether the time of a report grows with the history, and what a cached report costs compared with a file.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hyper::Method;
use storemgr::net::{Target, request_once};
use tokio::process::{Child, Command};

use crate::database::{Database, Server};
use crate::effort::Effort;
use crate::mix::{Mix, PRODUCTS};
use crate::outcome::{Outcome, figure, median, say};
use crate::processes::{cpu, cpu_us, listening_on};
use crate::store::{Store, free_port};
use crate::wrk;

const REPORTS: [&str; 2] = ["/orders/reports/best-sellers", "/orders/reports/highest-spenders"];

/// The orders in the short and the long history; with 1.6 lines each that is 10,000 and 5,000,000 lines.
const HISTORIES: [(&str, u64); 2] = [("short", 6_250), ("long", 3_125_000)];

pub(crate) async fn measure(server: &Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let mut databases = Vec::new();
    for (name, orders) in HISTORIES {
        say(&format!("seeding the {name} history of {orders} orders"));
        databases.push(Database::seeded(server, name, orders).await?);
    }
    let mut rows = Vec::new();
    for report in REPORTS {
        for source in ["scan", "read-model"] {
            let times = if source == "scan" { 3 } else { 300 };
            let mut medians = [Vec::new(), Vec::new()];
            for _ in 0..effort.rounds {
                for (database, medians) in databases.iter().zip(&mut medians) {
                    let arguments = [
                        "--report-cache",
                        "off",
                        "--report-source",
                        source,
                        "--request-deadline",
                        "60s",
                        "--db-statement-timeout",
                        "60s",
                    ];
                    let store = Store::start(database, &arguments).await?;
                    medians.push(store.one_by_one(Method::GET, report, "", times).await?);
                    store.stop().await?;
                }
            }
            let [short, long] = medians.map(|values| median(&values));
            let cells = vec![figure(short), figure(long), format!("{:.2}", long / short)];
            rows.push((format!("{report} by {source}"), cells));
        }
    }
    let mut lines = Vec::new();
    for database in &databases {
        lines.push(database.number("SELECT COUNT(*) FROM order_items").await?);
    }
    let columns =
        ["report, not cached", &format!("ms at {} lines", lines[0]), &format!("ms at {} lines", lines[1]), "ratio"];
    outcome.table("Milliseconds of a report, one at a time (median)", &columns, &rows);
    cached(&databases[0], effort, outcome).await?;
    indexed(&databases[0], effort, outcome).await?;
    for database in databases {
        database.drop().await?;
    }
    Ok(())
}

/// Measures the same bytes served by the store from its cache, and by nginx from a file.
async fn cached(database: &Database, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    ensure!(std::env::var("REDIS_HOST").is_ok(), "set REDIS_HOST: a cached report is measured with Redis");
    let store = Store::start(database, &["--report-cache", "redis", "--report-ttl", "5s"]).await?;
    let bytes = store.get(REPORTS[0]).await?;
    let nginx = Nginx::start(&bytes).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        ours.push(load(&store.target, REPORTS[0], effort.duration).await?);
        theirs.push(load(&nginx.target, "/report.json", effort.duration).await?);
    }
    store.stop().await?;
    let of =
        |values: &[[f64; 4]]| [0, 1, 2, 3].map(|place| median(&values.iter().map(|v| v[place]).collect::<Vec<_>>()));
    let (store, file) = (of(&ours), of(&theirs));
    let row = |name: &str, [rate, p99, server, wrk]: [f64; 4]| {
        (
            name.to_owned(),
            vec![figure(rate), format!("{:.2}", rate / file[0]), figure(p99), figure(server), figure(wrk)],
        )
    };
    outcome.table(
        "A cached report beside a file of the same bytes, 64 connections; us: processor time of a request",
        &["served by", "requests/s", "x nginx", "p99 ms", "server us", "wrk us"],
        &[row("storemgr, best sellers out of the cache", store), row("nginx, a file (2 workers)", file)],
    );
    Ok(())
}

/// Returns requests per second, p99 in milliseconds, and microseconds of processor time per request of server and wrk.
async fn load(target: &Target, path: &str, duration: Duration) -> Result<[f64; 4]> {
    let server = listening_on(target.port());
    let before = cpu(&server);
    let seen = wrk::get(target, path, 64, duration).await?;
    ensure!(seen.failed == 0, "{} requests of {path} failed", seen.failed);
    let requests = seen.per_second * duration.as_secs_f64();
    let wrk = seen.cpu.as_secs_f64() * 1e6 / requests;
    Ok([seen.per_second, seen.p99_ms, cpu_us(&server, before, requests), wrk])
}

/// Measures what indexes on the totals would save each report, and what they would cost each order.
async fn indexed(database: &Database, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let bodies = Mix { products: PRODUCTS }.bodies(20_000);
    let sides = [
        ("without index", "DROP INDEX by_sold ON stocks; DROP INDEX by_expense ON user_totals"),
        (
            "indexes on both totals",
            "CREATE INDEX by_sold ON stocks (quantity_sold); CREATE INDEX by_expense ON user_totals (expense_cents)",
        ),
    ];
    let mut orders = [Vec::new(), Vec::new()];
    let mut reports = [Vec::new(), Vec::new()];
    for round in 0..effort.rounds {
        for (place, (_, change)) in sides.iter().enumerate() {
            if round + place > 0 {
                database.run(change).await?;
            }
            let store = Store::start(database, &["--report-cache", "off"]).await?;
            let seen = wrk::orders(&store.target, 1_024, effort.duration, &bodies).await?;
            ensure!(seen.failed == 0, "{} orders failed", seen.failed);
            orders[place].push(seen.per_second);
            reports[place].push(store.one_by_one(Method::GET, REPORTS[0], "", 300).await?);
            store.stop().await?;
        }
    }
    let rows: Vec<_> = sides
        .iter()
        .zip(orders.iter().zip(&reports))
        .map(|((name, _), (orders, reports))| {
            ((*name).to_owned(), vec![figure(median(orders)), figure(median(reports))])
        })
        .collect();
    outcome.table(
        "What an index on the totals costs the writer and saves the report",
        &["schema", "orders/s", "best sellers, not cached, ms"],
        &rows,
    );
    Ok(())
}

/// An nginx that serves one file; it is killed when dropped.
struct Nginx {
    _child: Child,
    _folder: tempfile::TempDir,
    target: Target,
}

impl Nginx {
    async fn start(bytes: &[u8]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = folder.path().display().to_string();
        let port = free_port()?;
        let configuration = format!(
            "daemon off; worker_processes 2; pid {at}/pid; error_log {at}/error.log; user root;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 1000000000; default_type application/json; sendfile on; tcp_nopush on;\n\
             open_file_cache max=10; server {{ listen 127.0.0.1:{port}; root {at}; }} }}\n"
        );
        tokio::fs::write(folder.path().join("report.json"), bytes).await?;
        tokio::fs::write(folder.path().join("nginx.conf"), configuration).await?;
        let mut command = Command::new("nginx");
        command.args(["-p", &at, "-c", &format!("{at}/nginx.conf")]).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().context("nginx cannot be started")?;
        let target = Target::loopback(port);
        for _ in 0..100 {
            let asked =
                request_once(&target, Method::GET, "/report.json", &[], Vec::new(), Duration::from_secs(1)).await;
            if asked.is_ok_and(|answer| answer.status.is_success()) {
                return Ok(Self { _child: child, _folder: folder, target });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("nginx did not answer")
    }
}
