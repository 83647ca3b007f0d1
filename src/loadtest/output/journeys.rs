//! The table of journeys: how many were made, how many failed and at which step, and how long they took without thinking.

use super::statistics::{dashed, failures, main_times, rates, shown};
use crate::run_result::{JourneySummary, RunResult, StepSummary};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// The journeys of a run; None if it has none.
pub(super) fn table(summary: &RunResult, language: Language) -> Option<Table> {
    if summary.journeys.is_empty() {
        return None;
    }
    let title = if summary.journeys.iter().any(|journey| journey.failures > 0) {
        text!("Journeys, times in milliseconds without thinking of good ones, below of failed ones")
    } else {
        text!("Journeys, times in milliseconds without thinking")
    };
    let columns = [
        (text!("Name"), Align::Left),
        (text!("# journeys"), Align::Right),
        (text!("# fails"), Align::Right),
        (text!("Avg"), Align::Right),
        (text!("Min"), Align::Right),
        (text!("Max"), Align::Right),
        (text!("Med"), Align::Right),
        ("95%", Align::Right),
        (text!("good/s"), Align::Right),
        (text!("fail/s"), Align::Right),
    ];
    let mut table = Table::new(title, &columns);
    for journey in &summary.journeys {
        rows(journey, &mut table, language);
    }
    Some(table)
}

fn rows(journey: &JourneySummary, table: &mut Table, language: Language) {
    let route = journey.as_route();
    let good = route.good_answers();
    let fails_tone = if journey.failures > 0 { Tone::Bad } else { Tone::Plain };
    let p95 = |times: Option<&crate::run_result::LatencySummary>| dashed(times.map(|times| times.p95), shown);
    let mut cells = vec![
        (journey.name.clone(), Tone::Plain),
        (units::count(journey.journeys), Tone::Plain),
        (failures(&route), fails_tone),
    ];
    cells.extend(main_times(&good).map(|time| (time, Tone::Plain)));
    cells.push((p95(journey.succeeded_latency_ms.as_ref()), Tone::Plain));
    let [good_rate, fail_rate] = rates(&route);
    cells.extend([(good_rate, Tone::Plain), (fail_rate, fails_tone)]);
    table.toned_row(cells);
    if let Some(failed) = route.failed_requests() {
        let name = language.text(text!("  failed")).to_owned();
        let mut cells = vec![name, String::new(), String::new()];
        cells.extend(main_times(&failed));
        cells.push(p95(journey.failed_latency_ms.as_ref()));
        table.toned_row(cells.into_iter().map(|cell| (cell, Tone::Bad)));
    }
    for step in &journey.steps {
        step_rows(step, table, language);
    }
}

/// What is to be told of a step: that journeys failed at it, and how long its state was waited for.
fn step_rows(step: &StepSummary, table: &mut Table, language: Language) {
    if step.failed > 0 {
        let name = say!(language, "  at {step}", step = step.name);
        table.toned_row([(name, Tone::Bad), (String::new(), Tone::Bad), (units::count(step.failed), Tone::Bad)]);
    }
    if let Some(times) = &step.waited_ms {
        let name = say!(language, "  wait of {step}", step = step.name);
        let times = [times.mean, times.min, times.max, times.p50, times.p95].map(shown);
        let cells = [name, String::new(), String::new()].into_iter().chain(times);
        table.toned_row(cells.map(|cell| (cell, Tone::Plain)));
    }
}

/// What no row tells: journeys that were on their way at the end, and steps that were not sent. Empty if there are none.
pub(super) fn sentences(summary: &RunResult, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    let unfinished: u64 = summary.journeys.iter().map(|journey| journey.unfinished).sum();
    if unfinished > 0 {
        let count = language.count(unfinished);
        lines.push(say!(
            language,
            "{count} journeys were on their way at the end: for thresholds they count as failed.",
            count
        ));
    }
    let steps = || summary.journeys.iter().flat_map(|journey| &journey.steps);
    let not_sent: u64 = steps().map(|step| step.not_sent).sum();
    if not_sent > 0 {
        let count = language.count(not_sent);
        lines.push(say!(language, "{count} steps were not sent, because a step before them had failed.", count));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run_result::{LatencySummary, example_run};
    use crate::stats::Latencies;

    #[test]
    fn a_journey_that_was_never_made_has_no_figures() {
        let mut summary = example_run();
        summary.journeys.push(JourneySummary::new("buy".to_owned(), Vec::new()));
        let shown = table(&summary, Language::English).unwrap().render(Some(100), false);
        let row: Vec<_> = shown.lines().nth(3).unwrap().split_whitespace().collect();
        assert_eq!(row, ["buy", "0", "-", "-", "-", "-", "-", "-", "-", "-"]);
    }

    #[test]
    fn a_journey_is_a_row_with_what_became_of_its_steps() {
        let times = |all: &[u64]| {
            let mut times = Latencies::default();
            for millis in all {
                times.record(Duration::from_millis(*millis));
            }
            times
        };
        let step = |name: &str, failed, not_sent, waited: &[u64]| StepSummary {
            name: name.to_owned(),
            failed,
            not_sent,
            waited_ms: LatencySummary::of(&times(waited)),
            ..StepSummary::default()
        };
        let steps = vec![step("log in", 0, 0, &[]), step("order", 2, 0, &[]), step("paid", 0, 2, &[900, 1_100])];
        let mut journey = JourneySummary::new("buy".to_owned(), steps);
        journey.set_times(&times(&[1_200, 1_400]), &times(&[90, 110]), &times(&[50]));
        (journey.journeys_per_s, journey.failures_per_s) = (2.0, 1.0);
        let mut summary = example_run();
        assert!(table(&summary, Language::English).is_none());
        summary.journeys.push(journey);
        let text = table(&summary, Language::English).unwrap().render(Some(100), false);
        let text = format!("{}\n{text}", sentences(&summary, Language::English).join("\n"));
        insta::assert_snapshot!(text, @"
        1 journeys were on their way at the end: for thresholds they count as failed.
        2 steps were not sent, because a step before them had failed.
        Journeys, times in milliseconds without thinking of good ones, below of failed ones
         Name            # journeys  # fails   Avg   Min   Max   Med   95%  good/s  fail/s
        ───────────────────────────────────────────────────────────────────────────────────
         buy                      4  2 (50%)  1300  1199  1401  1200  1401    1.00    1.00
           failed                              100    90   110    90   110
           at order                        2
           wait of paid                       1000   900  1101   900  1101
        ");
    }
}
