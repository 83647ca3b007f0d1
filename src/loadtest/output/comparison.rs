//! A comparison with earlier runs, as a table whose title says how to read it.

use crate::run_result::{Comparison, Difference, Meaning};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// The differences, one row for each figure.
pub(super) fn table(comparison: &Comparison, language: Language) -> Table {
    let mut table = Table::new(
        title(comparison, language),
        &[
            (text!("Type"), Align::Left),
            (text!("Name"), Align::Left),
            (text!("Figure"), Align::Left),
            (text!("Before"), Align::Right),
            (text!("Now"), Align::Right),
            (text!("Change"), Align::Right),
            (text!("p"), Align::Right),
            (text!("Verdict"), Align::Left),
        ],
    );
    for difference in &comparison.figures {
        let (word, tone) = match difference.meaning {
            Meaning::Better => (text!("better"), Tone::Good),
            Meaning::Worse => (text!("worse"), Tone::Bad),
            Meaning::Noise => (text!("within noise"), Tone::Plain),
            Meaning::MoreFailed => (text!("more failed"), Tone::Doubtful),
            Meaning::Unknown => (text!("unknown"), Tone::Doubtful),
            Meaning::Unmeasured => (text!("not measured"), Tone::Doubtful),
        };
        let cells = [
            difference.method.clone(),
            difference.route.clone(),
            named(&difference.figure, language),
            shown(difference, difference.before),
            shown(difference, difference.now),
            difference.change.map_or_else(|| "-".to_owned(), |change| format!("{:+.1} %", 100.0 * change)),
            difference.p.map_or_else(|| "-".to_owned(), |p| format!("{p:.3}")),
        ];
        let plain = if difference.method.is_empty() { Tone::Strong } else { Tone::Plain };
        table.toned_row(cells.map(|cell| (cell, plain)).into_iter().chain([(language.text(word).to_owned(), tone)]));
    }
    table
}

/// The name of a figure, such as `good p95 ms`: times are those of good answers.
fn named(figure: &str, language: Language) -> String {
    match figure {
        "fail_ratio" => language.text(text!("failed")).to_owned(),
        "good_per_s" => language.text(text!("good/s")).to_owned(),
        time => say!(language, "good {time}", time = time.replace("_ms", " ms")),
    }
}

fn title(comparison: &Comparison, language: Language) -> String {
    let runs = |count: usize| match count {
        1 => language.text(text!("one run")).to_owned(),
        count => say!(language, "{count} runs", count),
    };
    let (before, now) = (runs(comparison.runs_before), runs(comparison.runs_now));
    let doubtful = match comparison.doubtful.join(", ") {
        none if none.is_empty() => none,
        names => say!(language, "; doubtful because of {names}: the generator was the bottleneck", names),
    };
    if comparison.figures.iter().any(|difference| difference.p.is_none()) {
        return say!(
            language,
            "Compared with the baseline: {before} before, {now} now. These are too few runs to tell a difference from noise (p is \
             at least {least}): 4 and 4 are enough{doubtful}",
            before,
            now,
            least = language.decimals(comparison.smallest_p, 2),
            doubtful
        );
    }
    say!(
        language,
        "Compared with the baseline: {before} before, {now} now; p of an exact Mann-Whitney U test, noise above \
         {noise}{doubtful}",
        before,
        now,
        noise = language.number("0.05"),
        doubtful
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
            let comparison = Comparison {
                runs_before: 2,
                runs_now: 1,
                smallest_p: 0.67,
                doubtful,
                figures: Vec::new(),
                before: Vec::new(),
            };
            table(&comparison, Language::English).render(None, false).lines().next().unwrap().to_owned()
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
        let comparison = Comparison {
            runs_before: 1,
            runs_now: 1,
            smallest_p: 1.0,
            doubtful: Vec::new(),
            figures,
            before: Vec::new(),
        };
        let text = table(&comparison, Language::English).render(None, false);
        insta::assert_snapshot!(text.split_once('\n').unwrap().1, @"
         Type  Name        Figure        Before       Now  Change  p  Verdict
        ───────────────────────────────────────────────────────────────────────────
               Aggregated  good p95 ms     0.50         -       -  -  not measured
               Aggregated  failed       50.00 %  100.00 %       -  -  worse
               Aggregated  good/s          0.50      0.00       -  -  worse
        ");
    }
}
