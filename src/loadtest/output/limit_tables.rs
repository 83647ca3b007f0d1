//! A limit for people: sentences, a chart of throughput and response time by load, and a table of the steps.

use super::statistics::{dashed, shown};
use crate::run_result::{GaveWay, LimitEnded, LimitResult, LimitStep};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// The result of a search as sentences, a chart, and a table of all steps.
pub fn limit_tables(limit: &LimitResult, language: Language) -> (String, String, Table) {
    (sentences(limit, language), chart(limit, language), steps(limit, language))
}

/// One line for a step, printed while the search lasts.
pub(in crate::loadtest) fn step_line(step: &LimitStep, unit: &'static str, language: Language) -> String {
    let result = match &step.moving {
        _ if !step.good => say!(language, "bad ({why})", why = language.retold_all(&step.broken).join("; ")),
        None => language.text(text!("good")).to_owned(),
        Some(what) => say!(language, "good, but not steady ({what})", what = language.retold(what)),
    };
    say!(
        language,
        "{level} {unit}: {rate} good answers/s, {failed} failed, p95 {p95} ms: {result}",
        level = format!("{:>7}", language.count(u64::from(step.level))),
        unit = language.text(unit),
        rate = format!("{:>7}", language.significant(step.good_per_s)),
        failed = dashed(step.fail_ratio, |ratio| language.percent(ratio)),
        p95 = language.number(&dashed(step.p95_ms, shown)),
        result
    )
}

fn sentences(limit: &LimitResult, language: Language) -> String {
    let unit = language.text(limit.unit);
    let text = |text: &'static str| language.text(text).to_owned();
    let shown = |level: u32| format!("{} {unit}", language.count(u64::from(level)));
    let mut lines = vec![match (limit.last_good.map(shown), limit.first_bad.map(shown)) {
        (Some(good), Some(bad)) => say!(language, "Limit: good with {good}, bad from {bad}.", good, bad),
        (Some(good), None) => say!(language, "No limit found: good with {good}, the highest load tried.", good),
        (None, Some(bad)) => say!(language, "No load was good: already bad with {bad}.", bad),
        (None, None) => text(text!("Nothing was measured.")),
    }];
    if !limit.broken.is_empty() {
        lines.push(say!(language, "What broke: {what}.", what = language.retold_all(&limit.broken).join("; ")));
    }
    let edge = limit.steps.iter().find(|step| Some(step.level) == limit.first_bad && !step.good);
    if let Some(said) = edge.and_then(|step| step.most_frequent_failure.as_ref()) {
        lines.push(say!(language, "Most failures there: {said}.", said = told(said, language)));
    }
    match limit.gave_way {
        GaveWay::Service => {
            let used = |step: &LimitStep| {
                let used = language.decimals(step.generator_cores, 2);
                say!(language, " ({used} of {cores} cores)", used, cores = limit.environment.cores)
            };
            let used = edge.map(used).unwrap_or_default();
            lines.push(say!(language, "The service gave way; the generator had time to spare{used}.", used));
        }
        GaveWay::Generator => {
            lines.push(text(text!("The generator gave way first: the limit of the service is higher.")));
        }
        GaveWay::Nobody => {}
    }
    if limit.shares_machine {
        lines.push(text(text!("The service runs on the same machine and shares its processor with the generator.")));
    }
    if let Some(knee) = limit.knee {
        let highest = limit.steps.iter().map(|step| step.level).max() == Some(knee);
        let meaning = if highest {
            text!("or above, nothing higher was tried")
        } else {
            text!("beyond it more load brings mostly more waiting")
        };
        lines.push(say!(language, "Knee: {load}; {meaning}.", load = shown(knee), meaning = language.text(meaning)));
    }
    if !limit.steady {
        lines.push(text(text!("The limit is not steady: a repetition had another result.")));
    }
    let moving = limit.steps.iter().filter(|step| Some(step.level) == limit.last_good);
    if let Some((step, what)) = moving.filter_map(|step| Some((step, step.moving.as_ref()?))).next_back() {
        lines.push(say!(
            language,
            "With {load} nothing came to rest within {held} s: {what}.",
            load = shown(step.level),
            held = language.significant(step.held_s),
            what = language.retold(what)
        ));
    }
    if let Some(why) = &limit.held_back {
        lines.push(say!(language, "The search could not go further: {why}.", why = language.retold(why)));
    }
    if limit.ended == LimitEnded::Interrupted {
        lines.push(text(text!("The search was interrupted: this is what it had found by then.")));
    }
    lines.push(say!(language, "Good means: {criteria}.", criteria = limit.criteria.join(", ")));
    lines.join("\n")
}

/// The message of a failure: one that begins with a status is the service's own.
fn told(message: &str, language: Language) -> String {
    let is_answer = message.starts_with(|letter: char| letter.is_ascii_digit());
    if is_answer { message.to_owned() } else { language.retold(message) }
}

/// The columns of the longest bar: two bars and their figures fit into eighty columns.
const BAR: usize = 22;

/// One row for each load, with its first measurement, lowest load first. A load that was ever bad is marked.
fn chart(limit: &LimitResult, language: Language) -> String {
    let mut steps: Vec<&LimitStep> = limit.steps.iter().filter(|step| step.purpose != "repeat").collect();
    steps.sort_by_key(|step| step.level);
    let most = |of: fn(&LimitStep) -> f64| steps.iter().map(|step| of(step)).fold(0.0, f64::max);
    let (most_rate, most_p95) = (most(|step| step.good_per_s), most(|step| step.p95_ms.unwrap_or_default()));
    let heading = format!(
        "{:>9}  {:<32}  {}",
        language.text(load_column(limit)).to_lowercase(),
        language.text(text!("good answers/s")),
        language.text(text!("p95 ms"))
    );
    let rows = steps.iter().map(|step| {
        format!(
            "{:>9}{} {:<BAR$} {:>8}   {:<BAR$} {:>8}",
            language.count(u64::from(step.level)),
            if limit.was_bad(step.level) { "×" } else { " " },
            bar(step.good_per_s, most_rate),
            language.significant(step.good_per_s),
            bar(step.p95_ms.unwrap_or_default(), most_p95),
            language.number(&dashed(step.p95_ms, shown))
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
    if limit.unit == "users" { text!("Users") } else { text!("Due/s") }
}

fn steps(limit: &LimitResult, language: Language) -> Table {
    let mut table = Table::new(
        say!(language, "Steps, times of good answers in milliseconds ({host})", host = limit.host),
        &[
            (load_column(limit), Align::Right),
            (text!("good/s"), Align::Right),
            (text!("Failed"), Align::Right),
            ("50%", Align::Right),
            ("95%", Align::Right),
            ("99%", Align::Right),
            (text!("Own CPU"), Align::Right),
            (text!("Why"), Align::Left),
            (text!("Result"), Align::Left),
        ],
    );
    for step in &limit.steps {
        let (result, tone) = if step.good {
            (language.text(text!("good")).to_owned(), Tone::Good)
        } else {
            (language.retold_all(&step.broken).join("; "), Tone::Bad)
        };
        let cells = [
            units::count(u64::from(step.level)),
            units::significant(step.good_per_s),
            dashed(step.fail_ratio, units::percent),
            dashed(step.p50_ms, shown),
            dashed(step.p95_ms, shown),
            dashed(step.p99_ms, shown),
            format!("{:.2}", step.generator_cores),
            purpose(step, language).to_owned(),
        ];
        let plain = cells.into_iter().map(|cell| (cell, Tone::Plain));
        table.toned_row(plain.chain([(result, tone)]));
    }
    table.in_language(language)
}

/// Why a load was measured.
fn purpose(step: &LimitStep, language: Language) -> &str {
    let known = [text!("climb"), text!("bisect"), text!("repeat")];
    known.into_iter().find(|known| *known == step.purpose).map_or(step.purpose, |known| language.text(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{example_limit, example_step};

    #[test]
    fn what_never_came_to_rest_is_told_in_both_languages() {
        let step = LimitStep {
            moving: Some("database connections rose from 80 to 1,090".to_owned()),
            held_s: 126.0,
            ..example_step(140, 90.0, 130.0, &[])
        };
        let limit = LimitResult { last_good: Some(140), ..example_limit(vec![step]) };
        let said = |language| limit_tables(&limit, language).0;
        let english = "With 140 users nothing came to rest within 126 s: database connections rose from 80 to 1,090.";
        assert!(said(Language::English).contains(english), "{}", said(Language::English));
        let french = said(Language::French);
        assert!(french.contains("Avec 140 utilisateurs, rien ne s’est stabilisé en 126 s"), "{french}");
        assert!(french.contains("de 80 à 1\u{202f}090"), "{french}");
    }

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
        let (sentences, chart, table) = limit_tables(&limit, Language::English);
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
