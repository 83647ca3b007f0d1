//! The figures of a run that several causes weigh, computed once.

use std::collections::BTreeMap;

use super::symptom::{self, Symptom};
use crate::observe::{Observed, ObservedDatabase, ObservedProcess, ObservedRedis, Role, Statement};
use crate::run_result::RunResult;

/// A statement that reads so many rows each time reads more than it needs, if it gives few of them.
pub(super) const MANY_ROWS: f64 = 1000.0;

/// What runs, or waits for a processor, for this part of the time has no time left.
pub(super) const ALL_THE_TIME: f64 = 0.85;

/// The methods of requests that change something.
const WRITES: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A run, with what is derived from it.
pub(super) struct Case<'a> {
    pub(super) run: &'a RunResult,
    pub(super) observed: Option<&'a Observed>,
    /// The database that worked most, if several were watched.
    pub(super) database: Option<&'a ObservedDatabase>,
    /// The Redis that worked most.
    pub(super) redis: Option<&'a ObservedRedis>,
    /// All requests in the time that was watched: those that count, those of the warm-up, and those that got no answer.
    pub(super) requests: f64,
    /// The requests that got no good answer.
    pub(super) bad: f64,
    /// The time of all requests that were answered or failed, added up, in seconds.
    pub(super) time_s: f64,
    symptoms: BTreeMap<Symptom, u64>,
}

impl<'a> Case<'a> {
    pub(super) fn new(run: &'a RunResult) -> Self {
        let observed = run.observed.as_deref().filter(|observed| !observed.is_empty());
        let most = |a: f64, b: f64| a.total_cmp(&b);
        let database = observed.and_then(|seen| {
            seen.databases.iter().max_by(|a, b| most(a.mean_running + a.mean_open, b.mean_running + b.mean_open))
        });
        let calls = |redis: &ObservedRedis| redis.commands.iter().map(|command| command.calls).sum::<u64>();
        let redis = observed.and_then(|seen| seen.caches.iter().max_by_key(|redis| calls(redis)));
        let mut symptoms: BTreeMap<Symptom, u64> = BTreeMap::new();
        for failure in &run.failure_groups {
            *symptoms.entry(symptom::of(failure)).or_default() += failure.count;
        }
        let warm_up = run.warm_up.as_ref().map_or(0, |warm_up| warm_up.requests + warm_up.unanswered);
        let mean_s = run.aggregated.latency_ms.as_ref().map_or(0.0, |times| times.mean / 1e3);
        let waited = run.aggregated.histograms.unanswered.as_ref();
        let waited = waited.and_then(|times| Some(times.mean()?.as_secs_f64() * times.count() as f64)).unwrap_or(0.0);
        Self {
            run,
            observed,
            database,
            redis,
            requests: (run.due() + warm_up) as f64,
            bad: (run.failures + run.in_flight_at_end + run.generator.arrivals_missed) as f64,
            time_s: mean_s * run.requests as f64 + waited,
            symptoms,
        }
    }

    /// How many failures point at one of these.
    pub(super) fn failed(&self, symptoms: &[Symptom]) -> f64 {
        symptoms.iter().filter_map(|symptom| self.symptoms.get(symptom)).sum::<u64>() as f64
    }

    /// The share of the requests without a good answer that these are, from 0 to 1.
    pub(super) fn of_failures(&self, failures: f64) -> f64 {
        if self.bad > 0.0 { (failures / self.bad).min(1.0) } else { 0.0 }
    }

    /// The share of all requests that were due that these are, from 0 to 1.
    pub(super) fn of_requests(&self, requests: f64) -> f64 {
        requests / self.run.due().max(1) as f64
    }

    /// The share of the time of all requests that so many seconds are, from 0 to 1.
    pub(super) fn of_time(&self, seconds: f64) -> f64 {
        if self.time_s > 0.0 { (seconds / self.time_s).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The mean time of good answers in milliseconds; 0 without any.
    pub(super) fn mean_ms(&self) -> f64 {
        self.run.aggregated.succeeded_latency_ms.as_ref().map_or(0.0, |times| times.mean)
    }

    /// Good answers per second.
    pub(super) fn good_per_s(&self) -> f64 {
        (self.run.aggregated.requests_per_s - self.run.aggregated.failures_per_s).max(0.0)
    }

    /// The time that was watched, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.observed.map_or(0.0, |observed| observed.seconds)
    }

    /// How much a counter of the database rose; `None` if it is not known.
    pub(super) fn counter(&self, name: &str) -> Option<f64> {
        self.database.filter(|database| !database.counters.is_empty()).map(|database| database.counter(name) as f64)
    }

    /// The statements that the database ran, without those that begin, end and set up.
    pub(super) fn statements(&self) -> Option<f64> {
        let database = self.database.filter(|database| !database.counters.is_empty())?;
        // The observer's own are questions, too.
        Some(database.row_statements().saturating_sub(database.cost.queries) as f64)
    }

    /// The rows that the database read, by whatever way.
    pub(super) fn rows_read(&self) -> Option<f64> {
        let database = self.database.filter(|database| !database.counters.is_empty())?;
        let reads = database.counters.iter().filter(|(name, _)| name.starts_with("Handler_read_"));
        Some(reads.map(|(_, rows)| *rows as f64).sum())
    }

    /// The time of all statements, in seconds: as the server counted it, or by how many were seen running.
    pub(super) fn database_time_s(&self) -> Option<f64> {
        let database = self.database?;
        if database.statements_counted {
            return Some(database.statements.iter().map(|statement| statement.time_s).sum());
        }
        Some(database.mean_running * self.seconds())
    }

    /// The time of all commands of Redis, in seconds.
    pub(super) fn redis_time_s(&self) -> Option<f64> {
        Some(self.redis?.commands.iter().map(|command| command.time_s).sum())
    }

    /// The processes of the service.
    pub(super) fn services(&self) -> impl Iterator<Item = &'a ObservedProcess> {
        self.of_role(Role::Service)
    }

    /// Whether the processes of the service wanted all processors that they may use, all the time: then requests wait for them
    /// inside the service, where nobody counts it.
    pub(super) fn processors_wanted_always(&self) -> bool {
        let machine = self.observed.map_or(0, |observed| observed.processors) as f64;
        let allowed = self.services().map(|service| service.processors_allowed as f64).sum::<f64>().min(machine);
        let wanted = |service: &ObservedProcess| service.cpu_cores + service.waiting_cores.unwrap_or(0.0);
        allowed > 0.0 && self.services().map(wanted).sum::<f64>() >= ALL_THE_TIME * allowed
    }

    /// The time of requests that neither the database nor Redis worked on, in seconds.
    pub(super) fn time_in_service_s(&self) -> f64 {
        self.time_s - self.database_time_s().unwrap_or(0.0) - self.redis_time_s().unwrap_or(0.0)
    }

    /// The processes of a role.
    pub(super) fn of_role(&self, role: Role) -> impl Iterator<Item = &'a ObservedProcess> {
        self.observed.into_iter().flat_map(|seen| &seen.processes).filter(move |process| process.role == role)
    }

    /// Requests that change something and were answered well.
    pub(super) fn good_writes(&self) -> f64 {
        let writes = self.run.routes.iter().filter(|route| WRITES.contains(&route.method.as_str()));
        writes.map(|route| (route.requests - route.failures) as f64).sum()
    }

    /// The time of the requests that change something, in seconds.
    pub(super) fn write_time_s(&self) -> f64 {
        let writes = self.run.routes.iter().filter(|route| WRITES.contains(&route.method.as_str()));
        writes.filter_map(|route| Some(route.latency_ms.as_ref()?.mean / 1e3 * route.requests as f64)).sum()
    }

    /// Requests that read the same address each time, so that a copy of the last answer could serve them.
    pub(super) fn same_reads(&self) -> f64 {
        let same =
            self.run.routes.iter().filter(|route| route.method == "GET" && !route.route.contains(['{', '?', ':']));
        same.map(|route| (route.requests - route.failures) as f64).sum()
    }

    /// The lowest number of connections at which the database refuses more: of the server, or of an account that was seen.
    pub(super) fn connection_limit(&self) -> Option<f64> {
        let database = self.database?;
        let of_account = database.users.iter().filter_map(|user| user.limit).chain(database.user_limit);
        let lowest = of_account.chain([database.max_connections]).filter(|limit| *limit > 0).min()?;
        Some(lowest as f64)
    }

    /// Whether the connections of the database were as good as used up at the peak.
    pub(super) fn connections_used_up(&self) -> bool {
        let Some(database) = self.database else { return false };
        let of_server =
            database.max_connections > 0 && database.peak.all as f64 >= 0.95 * database.max_connections as f64;
        let limits = database.users.iter().filter_map(|user| Some((user.open, user.limit.or(database.user_limit)?)));
        of_server
            || database.refused() > 0
            || limits.into_iter().any(|(open, limit)| open as f64 >= 0.95 * limit as f64)
    }

    /// The mean number of the service's connections that were in use; 0 if no database was watched. Looks at the list of
    /// connections are few, and the time of statements that the server counted is exact: by Little's law it is the mean number
    /// that ran, times the seconds.
    pub(super) fn busy_connections(&self) -> f64 {
        let Some(database) = self.database else { return 0.0 };
        let running = self.database_time_s().unwrap_or(0.0) / self.seconds().max(1e-3);
        database.mean_busy.max(running.min(database.peak.open as f64))
    }

    /// The mean number of connections that would be busy if every request that was due got its answer: by Little's law, the
    /// rate of requests times the time for which each needs a connection.
    pub(super) fn connections_needed(&self) -> Option<f64> {
        self.database?;
        let good =
            self.run.aggregated.succeeded_latency_ms.as_ref().map(|_| self.good_per_s() * self.run.duration_s)?;
        if good <= 0.0 || self.seconds() <= 0.0 {
            return None;
        }
        let each_s = self.busy_connections() * self.seconds() / good;
        let rate = self.run.due() as f64 / self.run.duration_s.max(f64::EPSILON);
        Some((rate * each_s).max(1.0).ceil())
    }

    /// Statements that read many rows to give few, those that took longest first.
    pub(super) fn wasteful_reads(&self) -> impl Iterator<Item = &'a Statement> {
        let statements = self.database.into_iter().flat_map(|database| &database.statements);
        statements.filter(|statement| {
            let runs = statement.count.unwrap_or(0).max(1) as f64;
            let examined = statement.rows_examined.unwrap_or(0) as f64 / runs;
            let sent = statement.rows_sent.unwrap_or(0) as f64 / runs;
            is_read(&statement.text) && examined >= MANY_ROWS && examined >= 20.0 * sent.max(1.0)
        })
    }

    /// How many times the rows, statement by statement, were seen running, and the part of reads.
    pub(super) fn sightings(&self, of: impl Fn(&Statement) -> bool) -> (f64, f64) {
        let statements = self.database.into_iter().flat_map(|database| &database.statements);
        statements.fold((0.0, 0.0), |(some, all), statement| {
            let seen = statement.seen as f64;
            (if of(statement) { some + seen } else { some }, all + seen)
        })
    }
}

/// Whether a statement only reads, and locks nothing.
pub(super) fn is_read(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let begins = text.trim_start_matches(['(', ' ']);
    (begins.starts_with("SELECT") || begins.starts_with("WITH"))
        && !text.contains("FOR UPDATE")
        && !text.contains("FOR SHARE")
        && !text.contains("LOCK IN SHARE MODE")
}

/// Whether a statement ends a transaction.
pub(super) fn is_commit(text: &str) -> bool {
    text.trim().trim_end_matches(';').eq_ignore_ascii_case("commit")
}
