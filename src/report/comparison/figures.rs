//! Pairs the figures of two reports.

use std::collections::BTreeSet;

use super::figure::{Better, Figure, FigureFormat, Section, Unit};
use crate::report::{FailureGroup, Latencies, Percentile, Report, Traffic};
use crate::text;

/// All figures that at least one report has, in the order of the tables.
pub(super) fn figures(before: &Report, after: &Report) -> Vec<Figure> {
    let pair = Pair { before, after };
    let mut figures = pair.requests();
    figures.extend(pair.failures());
    figures.extend(pair.saturation());
    figures.extend(pair.caches());
    figures.extend(pair.processes());
    figures.retain(|figure| figure.before.is_some() || figure.after.is_some());
    figures
}

struct Pair<'a> {
    before: &'a Report,
    after: &'a Report,
}

const fn format(unit: Unit, better: Better) -> FigureFormat {
    FigureFormat { unit, better }
}

const COUNT: FigureFormat = format(Unit::Count, Better::Neither);
const LESS: FigureFormat = format(Unit::Count, Better::Lower);
const SHARE_LESS: FigureFormat = format(Unit::Share, Better::Lower);
const SHARE_MORE: FigureFormat = format(Unit::Share, Better::Higher);
const RATE: FigureFormat = format(Unit::Rate, Better::Higher);
const TIME: FigureFormat = format(Unit::Milliseconds, Better::Lower);
const NUMBER: FigureFormat = format(Unit::Number, Better::Neither);
const BYTES: FigureFormat = format(Unit::Bytes, Better::Lower);

impl Pair<'_> {
    fn figure(
        &self,
        section: Section,
        group: &str,
        (figure, format): (&'static str, FigureFormat),
        value: impl Fn(&Report) -> Option<f64>,
    ) -> Figure {
        let (before, after) = (value(self.before), value(self.after));
        let change = before.zip(after).filter(|(before, _)| *before > 0.0);
        Figure {
            section,
            group: group.to_owned(),
            figure,
            before,
            after,
            change_percent: change.map(|(before, after)| (after - before) / before * 100.0),
            format,
        }
    }

    fn requests(&self) -> Vec<Figure> {
        let names = |report: &Report| {
            let names = report.routes.iter().map(|route| (route.route.clone(), route.method.clone()));
            names.collect::<BTreeSet<_>>()
        };
        let names = names(self.before).into_iter().chain(names(self.after)).collect::<BTreeSet<_>>();
        let mut figures = Vec::new();
        for (route, method) in &names {
            let of = |report: &Report| {
                let mut routes = report.routes.iter();
                routes.find(|found| found.route == *route && found.method == *method).map(|found| found.traffic.clone())
            };
            figures.extend(self.traffic(&format!("{method} {route}"), of));
        }
        figures.extend(self.traffic("Aggregated", |report| Some(report.total.clone())));
        figures
    }

    fn traffic(&self, group: &str, of: impl Fn(&Report) -> Option<Traffic>) -> Vec<Figure> {
        let figure = |name, value: fn(&Traffic) -> Option<f64>| {
            self.figure(Section::Requests, group, name, |report| value(&of(report)?))
        };
        vec![
            figure((text!("requests"), COUNT), |traffic| Some(traffic.requests as f64)),
            figure((text!("failed"), SHARE_LESS), |traffic| (traffic.requests > 0).then_some(traffic.fail_ratio)),
            figure(("refused", COUNT), |traffic| Some(traffic.refusals as f64)),
            figure((text!("requests/s"), RATE), |traffic| Some(traffic.requests_per_s)),
            figure((text!("p50"), TIME), |traffic| milliseconds(traffic.latency_ms.p50)),
            figure((text!("p95"), TIME), |traffic| milliseconds(traffic.latency_ms.p95)),
            figure((text!("p99"), TIME), |traffic| milliseconds(traffic.latency_ms.p99)),
        ]
    }

    fn failures(&self) -> Vec<Figure> {
        let name = |group: &FailureGroup| {
            let name = format!("{} {} {} {}", group.method, group.route, group.status, group.code);
            name.trim_end().to_owned()
        };
        let groups = self.before.failure_groups.iter().chain(&self.after.failure_groups);
        let names: BTreeSet<(String, bool)> =
            groups.map(|group| (name(group), group.status.starts_with('5'))).collect();
        let count = |report: &Report, wanted: &str| {
            let found = report.failure_groups.iter().find(|group| name(group) == wanted);
            Some(found.map_or(0.0, |group| group.count as f64))
        };
        // A refusal (4xx) is correct behaviour; only a failure (5xx) is bad.
        let figure = |(wanted, failed): &(String, bool)| {
            let format = if *failed { LESS } else { COUNT };
            self.figure(Section::Failures, wanted, ("requests", format), |report| count(report, wanted))
        };
        names.iter().map(figure).collect()
    }

    fn saturation(&self) -> Vec<Figure> {
        let figure = |name, value: fn(&Report) -> Option<f64>| self.figure(Section::Saturation, "", name, value);
        vec![
            figure((text!("requests in flight, peak"), COUNT), |report| {
                report.saturation.requests_in_flight_peak.map(|peak| peak as f64)
            }),
            figure((text!("orders waiting, peak"), COUNT), |report| {
                report.saturation.order_queue_depth_peak.map(|peak| peak as f64)
            }),
            figure((text!("connections, peak"), LESS), |report| Some(report.connections.total.as_ref()?.peak as f64)),
            figure((text!("connections in use, peak"), COUNT), |report| {
                let in_use = report.connections.states.iter().find(|peak| peak.state == "in_use")?;
                Some(in_use.peak as f64)
            }),
            figure((text!("pools"), COUNT), |report| report.connections.pool_size.map(|size| size as f64)),
            figure((text!("max_connections"), COUNT), |report| {
                report.connections.max_connections.map(|size| size as f64)
            }),
            figure((text!("wait in the queue, p95"), TIME), |report| p95(report.saturation.order_queue_wait_ms)),
            figure((text!("commit, p95"), TIME), |report| p95(report.saturation.order_commit_ms)),
            figure((text!("orders in one transaction"), NUMBER), |report| report.batches.orders_per_batch),
            figure((text!("orders written/s"), RATE), |report| Some(report.batches.orders_per_s)),
            figure((text!("database errors"), LESS), |report| {
                Some(report.database_errors.iter().map(|error| error.count as f64).sum())
            }),
        ]
    }

    fn caches(&self) -> Vec<Figure> {
        let caches = self.before.caches.iter().chain(&self.after.caches);
        let names: BTreeSet<&str> = caches.map(|cache| cache.cache.as_str()).collect();
        let of = |report: &Report, name: &str| report.caches.iter().find(|cache| cache.cache == name).cloned();
        let mut figures = Vec::new();
        for name in names {
            figures.push(self.figure(Section::Cache, name, (text!("look-ups"), COUNT), |report| {
                let cache = of(report, name)?;
                Some((cache.hit + cache.stale + cache.miss + cache.error) as f64)
            }));
            figures.push(self.figure(Section::Cache, name, (text!("from the cache"), SHARE_MORE), |report| {
                of(report, name)?.hit_ratio
            }));
        }
        figures
    }

    fn processes(&self) -> Vec<Figure> {
        let sum = |report: &Report, value: fn(&crate::report::ProcessUse) -> Option<f64>| {
            report.processes.iter().filter_map(value).reduce(|one, other| one + other)
        };
        let figure = |name, value: fn(&crate::report::ProcessUse) -> Option<f64>| {
            self.figure(Section::Processes, "all instances", name, |report| sum(report, value))
        };
        vec![
            self.figure(Section::Processes, "all instances", (text!("instances"), COUNT), |report| {
                Some(report.instances.len() as f64)
            }),
            figure((text!("processors"), format(Unit::Number, Better::Lower)), |process| process.cpu_cores),
            figure((text!("memory, peak"), BYTES), |process| process.memory_peak_bytes.map(|bytes| bytes as f64)),
        ]
    }
}

fn p95(latencies: Latencies) -> Option<f64> {
    milliseconds(latencies.p95)
}

/// A percentile in milliseconds; the bound of the last finite bucket if it is beyond that.
fn milliseconds(percentile: Percentile) -> Option<f64> {
    match percentile {
        Percentile::Nothing => None,
        Percentile::Near(seconds) | Percentile::Above(seconds) => Some((seconds * 1e6).round() / 1e3),
    }
}
