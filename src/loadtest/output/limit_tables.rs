//! A limit for people: sentences, a chart of throughput and response time by load, and a table of the steps.

use super::statistics::{dashed, shown};
use crate::run_result::{GaveWay, LimitEnded, LimitResult, LimitStep};
use crate::table::{Align, Table, Tone};
use crate::units;

/// The result of a search as sentences, a chart, and a table of all steps.
pub fn limit_tables(limit: &LimitResult) -> (String, String, Table) {
    (sentences(limit), chart(limit), steps(limit))
}

/// One line for a step, printed while the search lasts.
pub(in crate::loadtest) fn step_line(step: &LimitStep, unit: &str) -> String {
    let result = if step.good { "good".to_owned() } else { format!("bad ({})", step.broken.join("; ")) };
    format!(
        "{:>7} {unit}: {:>7} good answers/s, {} failed, p95 {} ms: {result}",
        units::count(u64::from(step.level)),
        units::significant(step.good_per_s),
        dashed(step.fail_ratio, units::percent),
        dashed(step.p95_ms, shown)
    )
}

fn sentences(limit: &LimitResult) -> String {
    let unit = limit.unit;
    let shown = |level: u32| format!("{} {unit}", units::count(u64::from(level)));
    let mut lines = vec![match (limit.last_good, limit.first_bad) {
        (Some(good), Some(bad)) => format!("Limit: good with {}, bad from {}.", shown(good), shown(bad)),
        (Some(good), None) => format!("No limit found: good with {}, the highest load tried.", shown(good)),
        (None, Some(bad)) => format!("No load was good: already bad with {}.", shown(bad)),
        (None, None) => "Nothing was measured.".to_owned(),
    }];
    if !limit.broken.is_empty() {
        lines.push(format!("What broke: {}.", limit.broken.join("; ")));
    }
    let edge = limit.steps.iter().find(|step| Some(step.level) == limit.first_bad && !step.good);
    if let Some(said) = edge.and_then(|step| step.most_frequent_failure.as_ref()) {
        lines.push(format!("Most failures there: {said}."));
    }
    match limit.gave_way {
        GaveWay::Service => {
            let used =
                |step: &LimitStep| format!(" ({:.2} of {} cores)", step.generator_cores, limit.environment.cores);
            let used = edge.map(used).unwrap_or_default();
            lines.push(format!("The service gave way; the generator had time to spare{used}."));
        }
        GaveWay::Generator => {
            lines.push("The generator gave way first: the limit of the service is higher.".to_owned());
        }
        GaveWay::Nobody => {}
    }
    if limit.shares_machine {
        lines.push("The service runs on the same machine and shares its processor with the generator.".to_owned());
    }
    if let Some(knee) = limit.knee {
        let highest = limit.steps.iter().map(|step| step.level).max() == Some(knee);
        let meaning = if highest {
            "or above, nothing higher was tried"
        } else {
            "beyond it more load brings mostly more waiting"
        };
        lines.push(format!("Knee: {}; {meaning}.", shown(knee)));
    }
    if !limit.steady {
        lines.push("The limit is not steady: a repetition had another result.".to_owned());
    }
    if let Some(why) = &limit.held_back {
        lines.push(format!("The search could not go further: {why}."));
    }
    if limit.ended == LimitEnded::Interrupted {
        lines.push("The search was interrupted: this is what it had found by then.".to_owned());
    }
    lines.push(format!("Good means: {}.", limit.criteria.join(", ")));
    lines.join("\n")
}

/// The columns of the longest bar: two bars and their figures fit into eighty columns.
const BAR: usize = 22;

/// One row for each load, with its first measurement, lowest load first. A load that was ever bad is marked.
fn chart(limit: &LimitResult) -> String {
    let mut steps: Vec<&LimitStep> = limit.steps.iter().filter(|step| step.purpose != "repeat").collect();
    steps.sort_by_key(|step| step.level);
    let most = |of: fn(&LimitStep) -> f64| steps.iter().map(|step| of(step)).fold(0.0, f64::max);
    let (most_rate, most_p95) = (most(|step| step.good_per_s), most(|step| step.p95_ms.unwrap_or_default()));
    let heading = format!("{:>9}  {:<32}  {}", load_column(limit).to_lowercase(), "good answers/s", "p95 ms");
    let rows = steps.iter().map(|step| {
        format!(
            "{:>9}{} {:<BAR$} {:>8}   {:<BAR$} {:>8}",
            units::count(u64::from(step.level)),
            if limit.was_bad(step.level) { "×" } else { " " },
            bar(step.good_per_s, most_rate),
            units::significant(step.good_per_s),
            bar(step.p95_ms.unwrap_or_default(), most_p95),
            dashed(step.p95_ms, shown)
        )
    });
    std::iter::once(heading).chain(rows).collect::<Vec<_>>().join("\n")
}

/// A bar with a resolution of an eighth of a column.
fn bar(value: f64, most: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = if most > 0.0 { (value / most * (BAR * 8) as f64).round() as usize } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

fn load_column(limit: &LimitResult) -> &'static str {
    if limit.unit == "users" { "Users" } else { "Due/s" }
}

fn steps(limit: &LimitResult) -> Table {
    let mut table = Table::new(
        format!("Steps, times of good answers in milliseconds ({})", limit.host),
        &[
            (load_column(limit), Align::Right),
            ("good/s", Align::Right),
            ("Failed", Align::Right),
            ("50%", Align::Right),
            ("95%", Align::Right),
            ("99%", Align::Right),
            ("Own CPU", Align::Right),
            ("Why", Align::Left),
            ("Result", Align::Left),
        ],
    );
    for step in &limit.steps {
        let (result, tone) =
            if step.good { ("good".to_owned(), Tone::Good) } else { (step.broken.join("; "), Tone::Bad) };
        let cells = [
            units::count(u64::from(step.level)),
            units::significant(step.good_per_s),
            dashed(step.fail_ratio, units::percent),
            dashed(step.p50_ms, shown),
            dashed(step.p95_ms, shown),
            dashed(step.p99_ms, shown),
            format!("{:.2}", step.generator_cores),
            step.purpose.to_owned(),
        ];
        let plain = cells.into_iter().map(|cell| (cell, Tone::Plain));
        table.toned_row(plain.chain([(result, tone)]));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{example_limit, example_step};

    #[test]
    fn a_limit_reads_as_an_answer_and_fits_a_terminal() {
        let limit = LimitResult {
            last_good: Some(140),
            first_bad: Some(147),
            knee: Some(80),
            broken: vec!["p95<500ms: 812 ms".to_owned()],
            ..example_limit(vec![
                example_step(80, 53.0, 12.0, &[]),
                example_step(160, 60.5, 1_430.0, &["p95<500ms: 1.43 s"]),
                example_step(140, 90.0, 130.0, &[]),
                LimitStep { purpose: "repeat", ..example_step(140, 91.0, 131.0, &[]) },
                LimitStep {
                    purpose: "bisect",
                    most_frequent_failure: Some("no answer after 60 s".to_owned()),
                    ..example_step(147, 92.0, 812.0, &["p95<500ms: 812 ms"])
                },
            ])
        };
        let (sentences, chart, table) = limit_tables(&limit);
        let sentences = crate::table::folded(&sentences, Some(80));
        let text = format!("{sentences}\n{chart}\n{}", table.render(Some(80), false));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text, @"
        Limit: good with 140 users, bad from 147 users.
        What broke: p95<500ms: 812 ms.
        Most failures there: no answer after 60 s.
        The service gave way; the generator had time to spare (0.12 of 2 cores).
        The service runs on the same machine and shares its processor with the
        generator.
        Knee: 80 users; beyond it more load brings mostly more waiting.
        Good means: fail_ratio<1%, p95<500ms.
            users  good answers/s                    p95 ms
               80  ████████████▋              53.0   ▏                            12
              140  █████████████████████▌     90.0   ██                          130
              147× ██████████████████████     92.0   ████████████▌               812
              160× ██████████████▌            60.5   ██████████████████████     1430
        Steps, times of good answers in milliseconds (http://127.0.0.1:5000)
         Users  good/s  Failed  50%   95%   99%  Own CPU  Why     Result
        ────────────────────────────────────────────────────────────────────────────
            80    53.0  0.00 %  6.0    12    18     0.12  climb   good
           160    60.5  0.00 %  715  1430  2145     0.12  climb   p95<500ms: 1.43 s
           140    90.0  0.00 %   65   130   195     0.12  climb   good
           140    91.0  0.00 %   66   131   196     0.12  repeat  good
           147    92.0  0.00 %  406   812  1218     0.12  bisect  p95<500ms: 812 ms
        ");
    }
}
