//! The search for a limit as one HTML page.

use super::environment;
use crate::loadtest::output::limit_tables::limit_tables;
use crate::page::{Axis, Chart, Color, Fact, Judgement, Page, Series};
use crate::run_result::{GaveWay, LimitEnded, LimitResult, LimitStep, builds_table};
use crate::units::Language;
use crate::{say, text};

/// Makes the HTML page of a search.
pub fn limit_page(limit: &LimitResult, language: Language) -> String {
    let (host, scenario) = (&limit.host, &limit.scenario.name);
    let mut page =
        Page::new(&say!(language, "The limit of {host} under {scenario}", host, scenario)).in_language(language);
    let (sentences, _, steps) = limit_tables(limit, language);
    page.verdict(judgement(limit), &sentences);
    page.facts(&facts(limit, language));
    page.charts(&charts(limit, language));
    page.markup(&steps.to_html());
    let ended = limit.steps.last().map_or_else(String::new, |step| step.ended_at.clone());
    let began = limit.steps.first().map_or_else(String::new, |step| step.started_at.clone());
    let seconds = |value: f64| language.number(&format!("{value} s"));
    let rows = [
        (text!("Started"), began),
        (text!("Ended"), ended),
        (text!("Service"), limit.host.clone()),
        (text!("Scenario"), limit.scenario.name.clone()),
        (text!("Each load held before it was measured"), seconds(limit.settle_s)),
        (text!("Each load measured"), seconds(limit.step_s)),
        (text!("Rest after a bad load"), seconds(limit.rest_s)),
    ];
    let ran = builds_table(&limit.builds).in_language(language);
    if !ran.is_empty() {
        page.markup(&ran.to_html());
    }
    page.markup(&environment(rows, &limit.environment, &limit.tags, language).to_html());
    page.finish(&say!(
        language,
        "A load is good when all criteria hold, nearly all requests were answered and the load generator had time to spare. The \
         knee is the load at which throughput divided by response time is greatest. storemgr {version}",
        version = limit.environment.storemgr
    ))
}

fn judgement(limit: &LimitResult) -> Judgement {
    match (limit.ended, limit.gave_way) {
        (LimitEnded::Finished, GaveWay::Generator) => Judgement::Bad,
        (LimitEnded::Finished, _) if limit.last_good.is_none() => Judgement::Bad,
        (LimitEnded::Finished, _) if limit.steady => Judgement::Good,
        _ => Judgement::Doubtful,
    }
}

fn facts(limit: &LimitResult, language: Language) -> [Fact; 4] {
    let load = |level: Option<u32>| level.map_or_else(|| "-".to_owned(), |level| language.count(level.into()));
    let most = limit.steps.iter().filter(|step| step.good).map(|step| step.good_per_s).fold(0.0, f64::max);
    [
        Fact::new(say!(language, "{unit}, last good", unit = language.text(limit.unit)), load(limit.last_good)),
        Fact::new(language.text(text!("first bad")), load(limit.first_bad)).bad_if(limit.first_bad.is_some()),
        Fact::new(language.text(text!("knee")), load(limit.knee)),
        Fact::new(language.text(text!("most good answers/s, good load")), language.significant(most)),
    ]
}

/// A figure of a step.
type Figure = fn(&LimitStep) -> Option<f64>;

/// Charts of throughput, response times and failures by load; bad loads are marked.
fn charts(limit: &LimitResult, language: Language) -> Vec<Chart> {
    let mut steps: Vec<&LimitStep> = limit.steps.iter().filter(|step| step.purpose != "repeat").collect();
    steps.sort_by_key(|step| step.level);
    let axis = Axis::numbers(0.0, steps.last().map_or(1.0, |step| f64::from(step.level)));
    let line = |name: &'static str, color, of: Figure| Series {
        name: language.text(name).to_owned(),
        color,
        filled: false,
        points: steps.iter().map(|step| (f64::from(step.level), of(step))).collect(),
    };
    // Points without a neighbour are drawn as dots.
    let bad = |of: Figure| Series {
        name: language.text(text!("bad")).to_owned(),
        color: Color::Bad,
        filled: false,
        points: steps
            .iter()
            .filter(|step| limit.was_bad(step.level))
            .flat_map(|step| [(f64::from(step.level), of(step)), (f64::from(step.level), None)])
            .collect(),
    };
    let rate: Figure = |step| Some(step.good_per_s);
    let p95: Figure = |step| step.p95_ms;
    let failed: Figure = |step| step.fail_ratio.map(|ratio| 100.0 * ratio);
    let load = language.text(if limit.unit == "users" { text!("users") } else { text!("requests due per second") });
    let chart = |what: &'static str, series: Vec<Series>| {
        let drawn = series.into_iter().filter(|line| !line.points.is_empty()).collect();
        Chart::lines(say!(language, "{what} by {load}", what = language.text(what), load), axis, drawn)
    };
    let times = vec![
        line(text!("p50"), Color::Series(0), |step| step.p50_ms),
        line(text!("p95"), Color::Series(1), p95),
        line(text!("p99"), Color::Series(3), |step| step.p99_ms),
        bad(p95),
    ];
    vec![
        chart(text!("Good answers per second"), vec![line(text!("good answers"), Color::Series(0), rate), bad(rate)]),
        chart(text!("Response times of good answers, milliseconds,"), times).on_fitting_scale(),
        chart(text!("Failed requests, per cent,"), vec![line(text!("failed"), Color::Series(0), failed), bad(failed)]),
        chart(
            text!("Processor time of the load generator, cores,"),
            vec![line(text!("cores"), Color::Series(2), |step| Some(step.generator_cores))],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{example_limit, example_step};

    #[test]
    fn a_search_has_a_page_from_its_first_step_on() {
        let none = limit_page(&example_limit(Vec::new()), Language::English);
        assert!(none.contains("Nothing was measured.") && none.ends_with("</html>\n"));
        let steps = vec![
            example_step(80, 53.0, 12.0, &[]),
            example_step(160, 60.5, 1_430.0, &["p95<500ms: <1.43 s>"]),
            example_step(140, 90.0, 130.0, &[]),
            LimitStep { purpose: "repeat", ..example_step(140, 60.0, 130.0, &["p95<500ms: 600 ms"]) },
        ];
        let found = LimitResult { last_good: Some(140), first_bad: Some(160), ..example_limit(steps) };
        let page = limit_page(&found, Language::English);
        assert!(page.contains("good with 140 users, bad from 160 users") && page.contains("&lt;1.43 s&gt;"), "{page}");
        assert_eq!(page.matches("<svg role=\"img\"").count(), 4, "four charts");
        assert_eq!(page.matches("<circle").count(), 6, "two loads that were bad once are dots in three of them");
    }
}
