//! Sends the queries and puts the report together.

use super::counter::Increase;
use super::query::{self, PROBES};
use super::watch::Watch;
use super::window::Window;
use super::window_queries::WindowQueries;
use super::{CacheUse, Count, CountComparison, Report, ReportError, Span, Stretch};
use super::{batches, count_comparison, failures, traffic};
use crate::promql::Prometheus;
use crate::units;

/// The outcomes of an order, in the order of the table. All of them are shown, even with a count of zero.
const OUTCOMES: &[&str] = &["accepted", "replayed", "refused_stock", "refused_invalid", "shed", "failed"];

/// Makes the report. `waiting` is called once if the last scrape of a run must be waited for.
pub async fn gather(client: &Prometheus, span: &Span, waiting: &(dyn Fn() + Sync)) -> Result<Report, ReportError> {
    let (window, unseen) = match span {
        Span::Last(length) => (Window::last(*length)?, Vec::new()),
        Span::Between(from, to) => (Window::between(*from, *to)?, Vec::new()),
        Span::Run(run) => Window::of_run(client, run, waiting).await?,
    };
    let asking = WindowQueries::begin(client, window).await?;
    let requests = asking.increases_by_slot(&query::REQUESTS).await?;
    let (probes, requests): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|increase| PROBES.contains(&increase.label("route")));
    let buckets = asking.increases_by_slot(&query::LATENCIES).await?;
    let seconds = window.length().as_secs_f64();
    let routes = traffic::by_route(&requests, &buckets, seconds);
    let total = traffic::total(&requests, &buckets, seconds);
    let (sizes, batched) = (asking.increases(&query::BATCHES).await?, asking.increases(&query::BATCHED).await?);
    Ok(Report {
        prometheus: client.target().to_string(),
        window: stretch(&window, &asking.watch),
        probes: probes.iter().map(Increase::count).sum(),
        instances: traffic::by_instance(&requests, &buckets, seconds, asking.watch.instances()),
        failure_groups: failures::groups(&requests, &asking.increases(&query::ERRORS).await?),
        orders: outcomes(&asking.increases(&query::ORDERS).await?),
        saturation: asking.saturation().await?,
        batches: batches::of(&sizes, &batched, seconds),
        connections: asking.connections().await?,
        database_errors: counts(&asking.increases(&query::DATABASE_ERRORS).await?, "kind"),
        caches: caches(&asking.increases(&query::CACHE).await?),
        processes: asking.processes().await?,
        builds: asking.builds().await?,
        load_test: load_test(span, &total, &routes),
        timeline: asking.timeline(&requests, &buckets).await?,
        remarks: remarks(&asking.watch, &unseen),
        total,
        routes,
    })
}

fn load_test(span: &Span, total: &super::Traffic, routes: &[super::Route]) -> Option<CountComparison> {
    match span {
        Span::Last(_) | Span::Between(..) => None,
        Span::Run(run) => Some(count_comparison::with_run(run, total, routes)),
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
        format!("{instance} was running before the window, but Prometheus first scraped it in the middle: what it did before is not counted.")
    });
    let unseen = unseen.iter().map(|instance| {
        format!("{instance} was not scraped after the end of the run: its last requests may be missing.")
    });
    late.chain(unseen).collect()
}

/// The increases summed by the value of one label; values without an increase are left out.
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
