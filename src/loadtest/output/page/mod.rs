//! A run, or the search for a limit, as one HTML page.

mod charts;
mod distribution;
mod limit;

use std::collections::BTreeMap;

pub use self::distribution::distribution;
pub use self::limit::limit_page;
use super::{statistics, tables};
use crate::page::{Fact, Judgement, Page};
use crate::run_result::{Environment, LatencySummary, OutcomeSummary, RunResult, Verdict};
use crate::table::{Align, Table};
use crate::units;

/// Makes the HTML page of a run.
pub fn page(summary: &RunResult) -> String {
    let mut page = Page::new(&format!("Load test {} on {}", summary.scenario.name, summary.host));
    let (verdict, tables) = tables::whole_tables(summary);
    page.verdict(judgement(summary), &verdict);
    page.facts(&facts(summary));
    page.charts(&charts::charts(summary));
    let rows = [
        ("Started", summary.started_at.clone()),
        ("Ended", summary.ended_at.clone()),
        ("Service", summary.host.clone()),
        ("Scenario", summary.scenario.name.clone()),
        ("Seed", summary.seed.to_string()),
    ];
    for table in tables.iter().chain([&environment(rows, &summary.environment, &summary.tags)]) {
        page.markup(&table.to_html());
    }
    page.finish(&format!(
        "A response time runs from just before a request is sent, connecting included, to the last byte of the answer. \
         Times are of good answers, except where failed requests are named. Percentiles are nearest ranks of HDR histograms with three significant digits. storemgr {}",
        summary.environment.storemgr
    ))
}

fn judgement(summary: &RunResult) -> Judgement {
    match summary.verdict {
        Verdict::GeneratorLimited => Judgement::Bad,
        Verdict::Valid if summary.requests == 0 || !summary.thresholds_hold() => Judgement::Bad,
        Verdict::Valid if !summary.complete => Judgement::Doubtful,
        Verdict::Valid => Judgement::Good,
    }
}

/// The main figures, which stand at the top.
fn facts(summary: &RunResult) -> Vec<Fact> {
    let good = summary.aggregated.good_answers();
    let shown = |value: f64| format!("{} ms", units::significant(value));
    let time = |of: &OutcomeSummary<'_>, figure: fn(&LatencySummary) -> f64| statistics::dashed(of.time(figure), shown);
    let mut facts = vec![
        Fact::new("requests", units::count(summary.requests)),
        Fact::new("failed", statistics::dashed(summary.fail_ratio, units::percent)).bad_if(summary.failures > 0),
        Fact::new("good answers/s", units::significant(good.per_second)),
        Fact::new("p50 of good answers", time(&good, |times| times.p50)),
        Fact::new("p95 of good answers", time(&good, |times| times.p95)),
        Fact::new("p99 of good answers", time(&good, |times| times.p99)),
        Fact::new("longest good answer", time(&good, |times| times.max)),
    ];
    let failed = summary.aggregated.failed_requests();
    facts.extend(failed.map(|failed| Fact::new("p95 of failures", time(&failed, |times| times.p95)).bad_if(true)));
    facts
}

/// The conditions that a reader needs to compare this with another run.
fn environment<const N: usize>(
    rows: [(&str, String); N],
    machine: &Environment,
    tags: &BTreeMap<String, String>,
) -> Table {
    let mut table = Table::new("Environment", &[("What", Align::Left), ("Value", Align::Left)]);
    let memory = machine.memory_bytes.map_or_else(|| "unknown".to_owned(), units::bytes);
    let of_machine = [
        ("Load generator", format!("storemgr {}", machine.storemgr)),
        ("Processor", format!("{} cores of {}", machine.cores, machine.cpu)),
        ("Memory", memory),
        ("Operating system", machine.os.clone()),
    ];
    let rows = rows.into_iter().chain(of_machine).map(|(name, value)| (name.to_owned(), value));
    for (name, value) in rows.chain(tags.clone()) {
        table.row([name, value]);
    }
    table
}

#[cfg(test)]
mod tests;
