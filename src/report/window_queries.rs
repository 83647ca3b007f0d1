//! Sends the queries about one window.

use std::time::Duration;

use super::counter::{Counters, Increase};
use super::histogram::Buckets;
use super::query::{self, Query};
use super::slots::Slots;
use super::timeline;
use super::watch::{Starts, Watch, instance_of};
use super::window::Window;
use super::{ConnectionPeak, Connections, ProcessUse, ReportError, Saturation, Timeline};
use crate::promql::{PromError, Prometheus, Sample, Series};
use crate::run_result::Build;
use crate::units;

/// How much of a window is fetched with one query: a few megabytes with a scrape per second and some hundred series.
const STRETCH: Duration = Duration::from_mins(10);

/// Sends queries about one window.
pub(super) struct WindowQueries<'a> {
    client: &'a Prometheus,
    window: Window,
    /// Which instances Prometheus watched, and since when.
    pub(super) watch: Watch,
}

impl<'a> WindowQueries<'a> {
    /// Finds out which instances were watched. It is an error if none was, or none answered.
    pub(super) async fn begin(client: &'a Prometheus, window: Window) -> Result<Self, ReportError> {
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
        let starts_before = client.series(&query::STARTS.over(query::LOOKBACK), window.from).await?;
        let starts = client.series(&query::STARTS.over(window.counted()), window.counted_until).await?;
        let starts = Starts { before: &starts_before, within: &starts };
        asking.watch = Watch::new(&scrapes, &before, &starts, window.from);
        Ok(asking)
    }

    async fn values(&self, query: &Query) -> Result<Vec<Sample>, PromError> {
        let expression = query.until(self.window.counted_until, self.window.counted());
        self.client.query(&expression, self.window.counted_until).await
    }

    /// The value of a query that returns a single series; `None` without data.
    async fn single(&self, query: &Query) -> Result<Option<u64>, PromError> {
        Ok(self.values(query).await?.first().map(|value| value.value as u64))
    }

    /// The increase of each series of a counter. A long window is fetched in parts, so that neither side holds all samples at
    /// once.
    pub(super) async fn increases(&self, query: &Query) -> Result<Vec<Increase>, PromError> {
        let before = self.before(query).await?;
        self.counted(query, Counters::beginning_with(before)).await
    }

    /// The increase of each series of a counter, in total and by slot.
    pub(super) async fn increases_by_slot(&self, query: &Query) -> Result<Vec<Increase>, PromError> {
        let before = self.before(query).await?;
        self.counted(query, Counters::beginning_with(before).by_slot(self.slots())).await
    }

    /// The last value of each series before the window, of the process that ran when it began. What an earlier process had
    /// counted is left out: this one has begun at zero, also with a series that it has not shown yet.
    async fn before(&self, query: &Query) -> Result<Vec<Sample>, PromError> {
        let mut values = self.client.query(&query.before(), self.window.from).await?;
        for (instance, seen_for) in self.watch.replaced() {
            let own = self.client.query(&query.within(seen_for), self.window.from).await?;
            values.retain(|value| {
                instance_of(&value.labels) != instance || own.iter().any(|one| one.labels == value.labels)
            });
        }
        Ok(values)
    }

    async fn counted(&self, query: &Query, mut counters: Counters) -> Result<Vec<Increase>, PromError> {
        let mut begin = self.window.from;
        while begin < self.window.counted_until {
            let end = (begin + STRETCH).min(self.window.counted_until);
            let range = end.duration_since(begin).unwrap_or_default();
            counters.feed(self.client.series(&query.over(range), end).await?, &self.watch);
            begin = end;
        }
        Ok(counters.increases())
    }

    fn slots(&self) -> Slots {
        Slots::of(&self.window, self.watch.interval_s())
    }

    pub(super) async fn saturation(&self) -> Result<Saturation, PromError> {
        Ok(Saturation {
            requests_in_flight_peak: self.single(&query::IN_FLIGHT).await?,
            client_connections_peak: self.single(&query::CLIENTS).await?,
            order_queue_depth_peak: self.single(&query::QUEUE).await?,
            order_queue_wait_ms: Buckets::of(&self.increases(&query::QUEUE_WAITS).await?).latencies(),
            order_commit_ms: Buckets::of(&self.increases(&query::COMMITS).await?).latencies(),
        })
    }

    async fn line(&self, query: &Query) -> Result<Vec<Series>, PromError> {
        let expression = query.by_slot(self.window.to, self.window.length(), self.slots().width());
        self.client.series(&expression, self.window.to).await
    }

    pub(super) async fn timeline(&self, requests: &[Increase], buckets: &[Increase]) -> Result<Timeline, PromError> {
        let slots = self.slots();
        let timeline = timeline::of_requests(&slots, requests, buckets);
        if timeline.at_s.is_empty() {
            return Ok(timeline);
        }
        Ok(Timeline {
            order_queue_depth: timeline::of_gauge(&slots, &self.line(&query::QUEUE_LINE).await?),
            requests_in_flight: timeline::of_gauge(&slots, &self.line(&query::IN_FLIGHT_LINE).await?),
            connections: timeline::of_states(&slots, &self.line(&query::CONNECTIONS_LINE).await?),
            connections_total: timeline::of_gauge(&slots, &self.line(&query::CONNECTIONS_TOTAL_LINE).await?),
            ..timeline
        })
    }

    pub(super) async fn connections(&self) -> Result<Connections, PromError> {
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

    /// What ran in each instance.
    pub(super) async fn builds(&self) -> Result<Vec<Build>, PromError> {
        let values = self.values(&query::BUILDS).await?;
        let build = |value: &Sample| Build::of_labels(&instance_of(&value.labels), &value.labels);
        let mut builds: Vec<_> = values.iter().map(build).collect();
        builds.sort_by(|one, other| one.instance.cmp(&other.instance));
        Ok(builds)
    }

    pub(super) async fn processes(&self) -> Result<Vec<ProcessUse>, PromError> {
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
