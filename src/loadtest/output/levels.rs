//! The levels of a run whose load was changed by hand, as a table, and how to repeat them.

use super::statistics::{dashed, shown};
use crate::run_result::{LatencySummary, LevelSummary, RunResult};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// The table of the levels, and the sentence that says how to repeat them. None if nobody changed the load.
pub(super) fn levels(run: &RunResult, language: Language) -> Option<(Table, String)> {
    let options = run.repeated_by()?;
    let mut table = Table::new(
        text!("Levels of the load, times in milliseconds of good answers"),
        &[
            (text!("From"), Align::Right),
            (text!("For"), Align::Right),
            (if run.rate.is_some() { text!("Requests per second") } else { text!("Users") }, Align::Right),
            (text!("# reqs"), Align::Right),
            (text!("# fails"), Align::Right),
            (text!("good/s"), Align::Right),
            ("50%", Align::Right),
            ("95%", Align::Right),
            ("99%", Align::Right),
            (text!("Max"), Align::Right),
        ],
    );
    for level in &run.levels {
        table.toned_row(cells(level));
    }
    let sentence = say!(
        language,
        "The load was changed by hand. These options repeat it: {options}. The run is comparable with another of the same levels \
         only.",
        options
    );
    Some((table, sentence))
}

fn cells(level: &LevelSummary) -> Vec<(String, Tone)> {
    let seconds = |seconds: f64| format!("{seconds:.1} s");
    let asked = if level.paused { text!("paused").to_owned() } else { level.level.to_string() };
    let failed =
        dashed(level.fail_ratio, |ratio| format!("{} ({})", units::count(level.failures), units::percent(ratio)));
    // Answers that came in a level may be of requests that were due before it.
    let rate = Some(level.good_per_s).filter(|rate| level.requests > 0 || *rate > 0.0);
    let fails = if level.failures > 0 { Tone::Bad } else { Tone::Plain };
    let figures: [fn(&LatencySummary) -> f64; 4] = [|t| t.p50, |t| t.p95, |t| t.p99, |t| t.max];
    let times = figures.map(|figure| dashed(level.succeeded_latency_ms.as_ref().map(figure), shown));
    let mut cells = vec![
        (seconds(level.at_s), Tone::Plain),
        (seconds(level.lasts_s), Tone::Plain),
        (asked, Tone::Plain),
        (units::count(level.requests), Tone::Plain),
        (failed, fails),
        (dashed(rate, units::significant), Tone::Plain),
    ];
    cells.extend(times.map(|time| (time, Tone::Plain)));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::example_level;

    #[test]
    fn a_level_in_which_nothing_was_due_has_no_figures() {
        let paused = LevelSummary {
            paused: true,
            requests: 0,
            failures: 0,
            fail_ratio: None,
            good_per_s: 0.0,
            succeeded_latency_ms: None,
            ..example_level(20.0)
        };
        let row: Vec<_> = cells(&paused).into_iter().map(|(cell, _)| cell).skip(2).collect();
        assert_eq!(row, ["paused", "0", "-", "-", "-", "-", "-", "-"]);
        let late = LevelSummary { good_per_s: 1.5, ..paused };
        assert_eq!(cells(&late)[5].0, "1.50", "an answer to what was due before came in it");
    }
}
