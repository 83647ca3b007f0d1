//! Asks the questions and puts the answers together.

use std::time::Duration;

use super::counter::{Counters, Increase};
use super::query::{self, PROBES, Query};
use super::watch::{Watch, instance_of};
use super::window::Window;
use super::{CacheUse, Comparison, ConnectionPeak, Connections, Count, ProcessUse, Report, ReportError, Span, Stretch};
use super::{compare, traffic};
use crate::promql::{PromError, Prometheus, Sample};
use crate::units;

/// How much of a window is fetched with one question: at a sample per second and some hundred series a few megabytes.
const STRETCH: Duration = Duration::from_mins(10);

/// The outcomes of an order, in the order of the table; each is there even when nothing came out that way.
const OUTCOMES: &[&str] = &["accepted", "replayed", "refused_stock", "refused_invalid", "shed", "failed"];

/// Makes the report. `waiting` is called once when a run's last scrape has to be waited for.
pub async fn gather(client: &Prometheus, span: &Span, waiting: &(dyn Fn() + Sync)) -> Result<Report, ReportError> {
    let (window, unseen) = match span {
        Span::Last(length) => (Window::last(*length)?, Vec::new()),
        Span::Run(run) => Window::of_run(client, run, waiting).await?,
    };
    let asking = Asking::begin(client, window).await?;
    let requests = asking.increases(&query::REQUESTS).await?;
    let (probes, requests): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|increase| PROBES.contains(&increase.label("route")));
    let buckets = asking.increases(&query::LATENCIES).await?;
    let seconds = window.length().as_secs_f64();
    let routes = traffic::by_route(&requests, &buckets, seconds);
    let total = traffic::total(&requests, &buckets, seconds);
    Ok(Report {
        prometheus: client.target().to_string(),
        window: stretch(&window, &asking.watch),
        probes: probes.iter().map(Increase::count).sum(),
        instances: traffic::by_instance(&requests, &buckets, seconds, asking.watch.instances()),
        orders: outcomes(&asking.increases(&query::ORDERS).await?),
        connections: asking.connections().await?,
        database_errors: counts(&asking.increases(&query::DATABASE_ERRORS).await?, "kind"),
        caches: caches(&asking.increases(&query::CACHE).await?),
        processes: asking.processes().await?,
        load_test: load_test(span, &total, &routes),
        remarks: remarks(&asking.watch, &unseen),
        total,
        routes,
    })
}

fn load_test(span: &Span, total: &super::Traffic, routes: &[super::Route]) -> Option<Comparison> {
    match span {
        Span::Last(_) => None,
        Span::Run(run) => Some(compare::with_run(run, total, routes)),
    }
}

/// The questions about one window.
struct Asking<'a> {
    client: &'a Prometheus,
    window: Window,
    watch: Watch,
}

impl<'a> Asking<'a> {
    /// Finds out who was watched; an error if nobody was.
    async fn begin(client: &'a Prometheus, window: Window) -> Result<Self, ReportError> {
        let mut asking = Self { client, window, watch: Watch::default() };
        let scrapes = client.series(&query::SCRAPES.over(window.counted()), window.counted_until).await?;
        let url = client.target().to_string();
        let (from, to) = (units::timestamp(window.from), units::timestamp(window.to));
        if scrapes.is_empty() {
            return Err(ReportError::NoData { url, from, to });
        }
        if !scrapes.iter().flat_map(|series| &series.points).any(|point| point.value > 0.0) {
            let instances: Vec<_> = scrapes.iter().map(|series| instance_of(&series.labels)).collect();
            return Err(ReportError::NoneUp { url, from, to, instances: instances.join(" and ") });
        }
        let before = client.query(query::WATCHED.promql, window.from).await?;
        let started = asking.values(&query::STARTED).await?;
        asking.watch = Watch::new(&scrapes, &before, &started, window.from);
        Ok(asking)
    }

    async fn values(&self, query: &Query) -> Result<Vec<Sample>, PromError> {
        self.client.query(&query.over(self.window.counted()), self.window.counted_until).await
    }

    /// The one value of a question that has one, if there is an answer.
    async fn single(&self, query: &Query) -> Result<Option<u64>, PromError> {
        Ok(self.values(query).await?.first().map(|value| value.value as u64))
    }

    /// How much each series of a counter rose. A long window is fetched piece by piece, so that neither side ever holds
    /// all of its samples.
    async fn increases(&self, query: &Query) -> Result<Vec<Increase>, PromError> {
        let mut counters = Counters::beginning_with(self.client.query(&query.before(), self.window.from).await?);
        let mut begin = self.window.from;
        while begin < self.window.counted_until {
            let end = (begin + STRETCH).min(self.window.counted_until);
            let range = end.duration_since(begin).unwrap_or_default();
            counters.feed(self.client.series(&query.over(range), end).await?, &self.watch);
            begin = end;
        }
        Ok(counters.increases())
    }

    async fn connections(&self) -> Result<Connections, PromError> {
        let together = self.values(&query::CONNECTIONS).await?;
        let of_one = self.values(&query::CONNECTIONS_OF_ONE).await?;
        let states = together.iter().map(|value| {
            let state = value.labels.get("state").cloned().unwrap_or_default();
            let one = of_one.iter().find(|one| one.labels == value.labels);
            ConnectionPeak { state, peak: value.value as u64, peak_of_one: one.map_or(0, |one| one.value as u64) }
        });
        let states = states.collect();
        let total = self.single(&query::CONNECTIONS_TOTAL).await?;
        let total_of_one = self.single(&query::CONNECTIONS_OF_ONE_TOTAL).await?;
        let pools: Vec<u64> = self.values(&query::POOL_SIZE).await?.iter().map(|pool| pool.value as u64).collect();
        let bounded = !pools.is_empty() && pools.iter().all(|size| *size > 0);
        Ok(Connections {
            states,
            total: total.zip(total_of_one).map(|(peak, peak_of_one)| ConnectionPeak {
                state: "all".to_owned(),
                peak,
                peak_of_one,
            }),
            pool_size: bounded.then(|| pools.iter().sum()),
            pool_size_of_one: pools.into_iter().max().filter(|_| bounded),
            max_connections: self.single(&query::MAX_CONNECTIONS).await?.filter(|limit| *limit > 0),
        })
    }

    async fn processes(&self) -> Result<Vec<ProcessUse>, PromError> {
        let cpu = self.increases(&query::CPU).await?;
        let peaks = self.values(&query::MEMORY_PEAK).await?;
        let lasts = self.values(&query::MEMORY_LAST).await?;
        let restarts = self.values(&query::RESTARTS).await?;
        let of = |values: &[Sample], instance: &str| {
            values.iter().find(|value| instance_of(&value.labels) == instance).map(|value| value.value as u64)
        };
        let seconds = self.window.length().as_secs_f64();
        let uses = self.watch.instances().map(|instance| {
            let cpu_seconds = cpu.iter().find(|cpu| instance_of(&cpu.labels) == instance).map(|cpu| cpu.by);
            ProcessUse {
                instance: instance.to_owned(),
                cpu_seconds,
                cpu_cores: cpu_seconds.map(|cpu| cpu / seconds),
                memory_peak_bytes: of(&peaks, instance),
                memory_last_bytes: of(&lasts, instance),
                restarts: of(&restarts, instance).unwrap_or(0),
            }
        });
        Ok(uses.collect())
    }
}

fn stretch(window: &Window, watch: &Watch) -> Stretch {
    Stretch {
        started_at: units::timestamp(window.from),
        ended_at: units::timestamp(window.to),
        counted_until: units::timestamp(window.counted_until),
        duration_s: window.length().as_secs_f64(),
        scrape_interval_s: watch.interval_s(),
    }
}

fn remarks(watch: &Watch, unseen: &[String]) -> Vec<String> {
    let late = watch.late().map(|instance| {
        format!("{instance} was running before the window, but Prometheus saw it first in the middle: what it did before is not counted.")
    });
    let unseen = unseen.iter().map(|instance| {
        format!("{instance} was not scraped after the end of the run: its last requests may be missing.")
    });
    late.chain(unseen).collect()
}

/// The counts of one label's values, summed over everything else; those that did not rise are left out.
fn counts(increases: &[Increase], label: &str) -> Vec<Count> {
    let mut counts: Vec<Count> = Vec::new();
    for increase in increases.iter().filter(|increase| increase.count() > 0) {
        let name = increase.label(label);
        match counts.iter_mut().find(|count| count.name == name) {
            Some(count) => count.count += increase.count(),
            None => counts.push(Count { name: name.to_owned(), count: increase.count() }),
        }
    }
    counts.sort_by(|one, other| one.name.cmp(&other.name));
    counts
}

fn outcomes(increases: &[Increase]) -> Vec<Count> {
    let mut found = counts(increases, "outcome");
    let known = OUTCOMES.iter().map(|outcome| {
        let at = found.iter().position(|count| count.name == *outcome);
        at.map_or_else(|| Count { name: (*outcome).to_owned(), count: 0 }, |at| found.remove(at))
    });
    let mut outcomes: Vec<Count> = known.collect();
    outcomes.append(&mut found);
    outcomes
}

fn caches(increases: &[Increase]) -> Vec<CacheUse> {
    let names: std::collections::BTreeSet<&str> = increases.iter().map(|increase| increase.label("cache")).collect();
    let uses = names.into_iter().map(|name| {
        let of = |outcome: &str| {
            let matching =
                |increase: &&Increase| increase.label("cache") == name && increase.label("outcome") == outcome;
            increases.iter().filter(matching).map(Increase::count).sum::<u64>()
        };
        let (hit, stale, miss, error) = (of("hit"), of("stale"), of("miss"), of("error"));
        let all = hit + stale + miss + error;
        let hit_ratio = (all > 0).then(|| (hit + stale) as f64 / all as f64);
        CacheUse { cache: name.to_owned(), hit, stale, miss, error, hit_ratio }
    });
    uses.collect()
}
