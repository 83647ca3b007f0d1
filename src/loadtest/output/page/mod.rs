//! A run, or the search for a limit, as one HTML page.

mod charts;
mod distribution;
mod limit;

use std::collections::BTreeMap;

pub use self::distribution::distribution;
pub use self::limit::limit_page;
use super::explained::explained;
use super::{statistics, tables, transport};
use crate::page::{Chart, Fact, Judgement, Page};
use crate::run_result::{Environment, LatencySummary, OutcomeSummary, RunResult, TimelinePoint, Verdict, builds_table};
use crate::table::{Align, Table};
use crate::units::{self, Language};
use crate::{say, text};

/// The title of the page of a run.
pub(super) fn title(summary: &RunResult, language: Language) -> String {
    let (scenario, host) = (&summary.scenario.name, &summary.host);
    say!(language, "Load test {scenario} on {host}", scenario, host)
}

/// The charts of a run, with those of an earlier one over them if its points are given.
pub(super) fn charts_of(summary: &RunResult, before: &[TimelinePoint], language: Language) -> Vec<Chart> {
    charts::charts(summary, before, language)
}

/// Makes the HTML page of a run.
pub fn page(summary: &RunResult, language: Language) -> String {
    let title = title(summary, language);
    let mut page = Page::new(&title).in_language(language);
    let (verdict, tables) = tables::whole_tables(summary, language);
    page.verdict(judgement(summary), &verdict);
    page.facts(&facts(summary, language));
    let before = summary.comparison.as_ref().map_or(&[][..], |comparison| &comparison.before);
    page.charts(&charts::charts(summary, before, language));
    let rows = [
        (text!("Started"), summary.started_at.clone()),
        (text!("Ended"), summary.ended_at.clone()),
        (text!("Service"), summary.host.clone()),
        (text!("Scenario"), summary.scenario.name.clone()),
        (text!("Seed"), summary.seed.to_string()),
    ];
    if let Some(shown) = explained(summary, language) {
        page.heading(language.text(text!("What explains it")));
        shown.paragraphs.iter().chain(&shown.notes).for_each(|text| page.paragraph(text));
        shown.tables.iter().for_each(|table| page.markup(&table.to_html()));
    }
    let rows = rows.into_iter().chain(transport::environment(summary, language));
    let ran = builds_table(&summary.builds).in_language(language);
    let environment = environment(rows, &summary.environment, &summary.tags, language);
    for table in tables.iter().chain(Some(&ran).filter(|ran| !ran.is_empty())).chain([&environment]) {
        page.markup(&table.to_html());
    }
    page.finish(&say!(
        language,
        "A response time runs from just before a request is sent, connecting included, to the last byte of the answer. Times are \
         of good answers, except where failed requests are named. Percentiles are nearest ranks of HDR histograms with three \
         significant digits. storemgr {version}",
        version = summary.environment.storemgr
    ))
}

/// The judgement on a run, which decides the color of its verdict.
pub(super) fn judgement(summary: &RunResult) -> Judgement {
    match summary.verdict {
        Verdict::GeneratorLimited => Judgement::Bad,
        Verdict::Valid if summary.requests == 0 || !summary.thresholds_hold() => Judgement::Bad,
        Verdict::Valid if !summary.complete => Judgement::Doubtful,
        Verdict::Valid => Judgement::Good,
    }
}

/// The main figures, which stand at the top.
pub(super) fn facts(summary: &RunResult, language: Language) -> Vec<Fact> {
    let fact = |name: &'static str, value: String| Fact::new(language.text(name), language.number(&value));
    let good = summary.aggregated.good_answers();
    let shown = |value: f64| format!("{} ms", units::significant(value));
    let time = |of: &OutcomeSummary<'_>, figure: fn(&LatencySummary) -> f64| statistics::dashed(of.time(figure), shown);
    let mut facts = vec![
        fact(text!("requests"), units::count(summary.requests)),
        fact(text!("failed"), statistics::dashed(summary.fail_ratio, units::percent)).bad_if(summary.failures > 0),
        fact(text!("good answers/s"), statistics::rates(&summary.aggregated)[0].clone()),
        fact(text!("p50 of good answers"), time(&good, |times| times.p50)),
        fact(text!("p95 of good answers"), time(&good, |times| times.p95)),
        fact(text!("p99 of good answers"), time(&good, |times| times.p99)),
        fact(text!("longest good answer"), time(&good, |times| times.max)),
    ];
    let failed = summary.aggregated.failed_requests();
    facts.extend(failed.map(|failed| fact(text!("p95 of failures"), time(&failed, |times| times.p95)).bad_if(true)));
    facts
}

/// The conditions that a reader needs to compare this with another run.
fn environment(
    rows: impl IntoIterator<Item = (&'static str, String)>,
    machine: &Environment,
    tags: &BTreeMap<String, String>,
    language: Language,
) -> Table {
    let mut table = Table::new(text!("Environment"), &[(text!("What"), Align::Left), (text!("Value"), Align::Left)]);
    let unknown = || language.text(text!("unknown")).to_owned();
    let memory = machine.memory_bytes.map_or_else(unknown, |bytes| language.bytes(bytes));
    let (cores, processor) = (machine.cores, &machine.cpu);
    let of_machine = [
        (text!("Load generator"), format!("storemgr {}", machine.storemgr)),
        (text!("Processor"), say!(language, "{cores} cores of {processor}", cores, processor)),
        (text!("Memory"), memory),
        (text!("Operating system"), machine.os.clone()),
    ];
    let rows = rows.into_iter().chain(of_machine).map(|(name, value)| (language.text(name).to_owned(), value));
    for (name, value) in rows.chain(tags.clone()) {
        table.row([name, value]);
    }
    table.in_language(language)
}

#[cfg(test)]
mod tests;
