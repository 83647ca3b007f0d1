//! A comparison with earlier runs, as a table whose title says how to read it.

use crate::run_result::{Comparison, Difference, Meaning};
use crate::table::{Align, Table, Tone};
use crate::units;

/// The differences, one row for each figure.
pub(super) fn table(comparison: &Comparison) -> Table {
    let mut table = Table::new(
        title(comparison),
        &[
            ("Type", Align::Left),
            ("Name", Align::Left),
            ("Figure", Align::Left),
            ("Before", Align::Right),
            ("Now", Align::Right),
            ("Change", Align::Right),
            ("p", Align::Right),
            ("Verdict", Align::Left),
        ],
    );
    for difference in &comparison.figures {
        let (word, tone) = match difference.meaning {
            Meaning::Better => ("better", Tone::Good),
            Meaning::Worse => ("worse", Tone::Bad),
            Meaning::Noise => ("within noise", Tone::Plain),
            Meaning::MoreFailed => ("more failed", Tone::Doubtful),
            Meaning::Unknown => ("unknown", Tone::Doubtful),
            Meaning::Unmeasured => ("not measured", Tone::Doubtful),
        };
        let cells = [
            difference.method.clone(),
            difference.route.clone(),
            named(&difference.figure),
            shown(difference, difference.before),
            shown(difference, difference.now),
            difference.change.map_or_else(|| "-".to_owned(), |change| format!("{:+.1} %", 100.0 * change)),
            difference.p.map_or_else(|| "-".to_owned(), |p| format!("{p:.3}")),
        ];
        let plain = if difference.method.is_empty() { Tone::Strong } else { Tone::Plain };
        table.toned_row(cells.map(|cell| (cell, plain)).into_iter().chain([(word.to_owned(), tone)]));
    }
    table
}

/// The name of a figure, such as `good p95 ms`: times are those of good answers.
fn named(figure: &str) -> String {
    match figure {
        "fail_ratio" => "failed".to_owned(),
        "good_per_s" => "good/s".to_owned(),
        time => format!("good {}", time.replace("_ms", " ms")),
    }
}

fn title(comparison: &Comparison) -> String {
    let runs = |count: usize| if count == 1 { "one run".to_owned() } else { format!("{count} runs") };
    let (before, now) = (runs(comparison.runs_before), runs(comparison.runs_now));
    let doubtful = if comparison.doubtful.is_empty() {
        String::new()
    } else {
        format!("; doubtful because of {}: the generator was the bottleneck", comparison.doubtful.join(", "))
    };
    if comparison.figures.iter().any(|difference| difference.p.is_none()) {
        return format!(
            "Compared with the baseline: {before} before, {now} now. These are too few runs to tell a difference from \
             noise (p is at least {:.2}): 4 and 4 are enough{doubtful}",
            comparison.smallest_p
        );
    }
    format!(
        "Compared with the baseline: {before} before, {now} now; p of an exact Mann-Whitney U test, noise above \
         0.05{doubtful}"
    )
}

fn shown(difference: &Difference, value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    if difference.figure == "fail_ratio" { units::percent(value) } else { units::significant(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_with_doubtful_runs_names_them_in_its_title() {
        let title = |doubtful: &[&str]| {
            let doubtful = doubtful.iter().map(|name| (*name).to_owned()).collect();
            let comparison =
                Comparison { runs_before: 2, runs_now: 1, smallest_p: 0.67, doubtful, figures: Vec::new() };
            table(&comparison).render(None, false).lines().next().unwrap().to_owned()
        };
        let named = title(&["limited.json", "this run"]);
        assert!(
            named.contains("doubtful because of limited.json, this run: the generator was the bottleneck"),
            "{named}"
        );
        assert!(!title(&[]).contains("doubtful"));
    }

    #[test]
    fn times_are_named_as_those_of_good_answers_and_nothing_is_a_dash() {
        let figure = |figure: &'static str, now: Option<f64>, meaning| Difference {
            method: String::new(),
            route: "Aggregated".to_owned(),
            figure: figure.into(),
            before: Some(0.5),
            now,
            change: None,
            p: None,
            meaning,
        };
        let figures = vec![
            figure("p95_ms", None, Meaning::Unmeasured),
            figure("fail_ratio", Some(1.0), Meaning::Worse),
            figure("good_per_s", Some(0.0), Meaning::Worse),
        ];
        let comparison = Comparison { runs_before: 1, runs_now: 1, smallest_p: 1.0, doubtful: Vec::new(), figures };
        let text = table(&comparison).render(None, false);
        insta::assert_snapshot!(text.split_once('\n').unwrap().1, @"
         Type  Name        Figure        Before       Now  Change  p  Verdict
        ───────────────────────────────────────────────────────────────────────────
               Aggregated  good p95 ms     0.50         -       -  -  not measured
               Aggregated  failed       50.00 %  100.00 %       -  -  worse
               Aggregated  good/s          0.50      0.00       -  -  worse
        ");
    }
}
