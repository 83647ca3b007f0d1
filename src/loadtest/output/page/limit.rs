//! The search for a limit as one HTML page.

use super::environment;
use crate::loadtest::output::limit_tables::limit_tables;
use crate::page::{Axis, Chart, Color, Fact, Judgement, Page, Series};
use crate::run_result::{GaveWay, LimitEnded, LimitResult, LimitStep};
use crate::units;

/// Makes the HTML page of a search.
pub fn limit_page(limit: &LimitResult) -> String {
    let mut page = Page::new(&format!("The limit of {} under {}", limit.host, limit.scenario.name));
    let (sentences, _, steps) = limit_tables(limit);
    page.verdict(judgement(limit), &sentences);
    page.facts(&facts(limit));
    page.charts(&charts(limit));
    page.markup(&steps.to_html());
    let ended = limit.steps.last().map_or_else(String::new, |step| step.ended_at.clone());
    let began = limit.steps.first().map_or_else(String::new, |step| step.started_at.clone());
    let seconds = |value: f64| format!("{value} s");
    let rows = [
        ("Started", began),
        ("Ended", ended),
        ("Service", limit.host.clone()),
        ("Scenario", limit.scenario.name.clone()),
        ("Each load held before it was measured", seconds(limit.settle_s)),
        ("Each load measured", seconds(limit.step_s)),
        ("Rest after a bad load", seconds(limit.rest_s)),
    ];
    page.markup(&environment(rows, &limit.environment, &limit.tags).to_html());
    page.finish(&format!(
        "A load is good when all criteria hold, nearly all requests were answered and the load generator had \
         time to spare. The knee is the load at which throughput divided by response time is greatest. storemgr {}",
        limit.environment.storemgr
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

fn facts(limit: &LimitResult) -> [Fact; 4] {
    let load = |level: Option<u32>| level.map_or_else(|| "-".to_owned(), |level| units::count(level.into()));
    let most = limit.steps.iter().filter(|step| step.good).map(|step| step.good_per_s).fold(0.0, f64::max);
    [
        Fact::new(format!("{}, last good", limit.unit), load(limit.last_good)),
        Fact::new("first bad", load(limit.first_bad)).bad_if(limit.first_bad.is_some()),
        Fact::new("knee", load(limit.knee)),
        Fact::new("most good answers/s, good load", units::significant(most)),
    ]
}

/// A figure of a step.
type Figure = fn(&LimitStep) -> Option<f64>;

/// Charts of throughput, response times and failures by load; bad loads are marked.
fn charts(limit: &LimitResult) -> Vec<Chart> {
    let mut steps: Vec<&LimitStep> = limit.steps.iter().filter(|step| step.purpose != "repeat").collect();
    steps.sort_by_key(|step| step.level);
    let axis = Axis::numbers(0.0, steps.last().map_or(1.0, |step| f64::from(step.level)));
    let line = |name: &str, color, of: Figure| Series {
        name: name.to_owned(),
        color,
        filled: false,
        points: steps.iter().map(|step| (f64::from(step.level), of(step))).collect(),
    };
    // Points without a neighbour are drawn as dots.
    let bad = |of: Figure| Series {
        name: "bad".to_owned(),
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
    let load = if limit.unit == "users" { "users" } else { "requests due per second" };
    let chart = |what: &str, series: Vec<Series>| {
        let drawn = series.into_iter().filter(|line| !line.points.is_empty()).collect();
        Chart::lines(format!("{what} by {load}"), axis, drawn)
    };
    let times = vec![
        line("p50", Color::Series(0), |step| step.p50_ms),
        line("p95", Color::Series(1), p95),
        line("p99", Color::Series(3), |step| step.p99_ms),
        bad(p95),
    ];
    vec![
        chart("Good answers per second", vec![line("good answers", Color::Series(0), rate), bad(rate)]),
        chart("Response times of good answers, milliseconds,", times).on_fitting_scale(),
        chart("Failed requests, per cent,", vec![line("failed", Color::Series(0), failed), bad(failed)]),
        chart(
            "Processor time of the load generator, cores,",
            vec![line("cores", Color::Series(2), |step| Some(step.generator_cores))],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{example_limit, example_step};

    #[test]
    fn a_search_has_a_page_from_its_first_step_on() {
        let none = limit_page(&example_limit(Vec::new()));
        assert!(none.contains("Nothing was measured.") && none.ends_with("</html>\n"));
        let steps = vec![
            example_step(80, 53.0, 12.0, &[]),
            example_step(160, 60.5, 1_430.0, &["p95<500ms: <1.43 s>"]),
            example_step(140, 90.0, 130.0, &[]),
            LimitStep { purpose: "repeat", ..example_step(140, 60.0, 130.0, &["p95<500ms: 600 ms"]) },
        ];
        let page = limit_page(&LimitResult { last_good: Some(140), first_bad: Some(160), ..example_limit(steps) });
        assert!(page.contains("good with 140 users, bad from 160 users") && page.contains("&lt;1.43 s&gt;"), "{page}");
        assert_eq!(page.matches("<svg role=\"img\"").count(), 4, "four charts");
        assert_eq!(page.matches("<circle").count(), 6, "two loads that were bad once are dots in three of them");
    }
}
