//! A run as JUnit's XML, which pipelines show as tests: the run itself, the thresholds, the checks and the journeys are its
//! cases. A case fails exactly where the command's exit code says that the run was not good.

use crate::run_result::{FailureSummary, RunResult, ThresholdOutcome, Verdict};
use crate::units::{self, escaped, printable};

/// One case: its name, how long it took in seconds, and what came of it.
struct Case {
    name: String,
    seconds: f64,
    outcome: Outcome,
}

enum Outcome {
    /// With what is told of it.
    Passed(String),
    /// With the main sentence and the whole story.
    Failed { message: String, text: String },
    /// Nothing was measured, and nothing asked for it.
    Skipped(String),
}
use Outcome::{Failed, Passed, Skipped};

impl Outcome {
    fn of(failed: bool, message: String, text: impl FnOnce() -> String) -> Self {
        if failed { Failed { text: text(), message } } else { Passed(message) }
    }
}

fn count(cases: &[Case], wanted: fn(&Outcome) -> bool) -> usize {
    cases.iter().filter(|case| wanted(&case.outcome)).count()
}

fn has_failed(outcome: &Outcome) -> bool {
    matches!(outcome, Failed { .. })
}

fn was_skipped(outcome: &Outcome) -> bool {
    matches!(outcome, Skipped(_))
}

/// Writes a run. `too_many_failed` says whether more requests failed than were allowed: failures that are allowed are told,
/// and fail no case.
pub fn junit(run: &RunResult, too_many_failed: bool) -> String {
    let suites = [
        ("run", vec![generator(run), requests(run, too_many_failed)]),
        ("thresholds", run.thresholds.iter().map(threshold).collect()),
        ("checks", checks(run, too_many_failed)),
        ("journeys", journeys(run, too_many_failed)),
    ];
    let suites: Vec<_> = suites.into_iter().filter(|(_, cases)| !cases.is_empty()).collect();
    let sum = |of: &dyn Fn(&[Case]) -> usize| suites.iter().map(|(_, cases)| of(cases)).sum::<usize>();
    let [all, failed, skipped] =
        [sum(&<[Case]>::len), sum(&|of| count(of, has_failed)), sum(&|of| count(of, was_skipped))];
    let name = attribute(&format!("load test {} on {}", run.scenario.name, run.host));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let time = run.duration_s;
    line(
        &mut xml,
        &format!(
            "<testsuites name=\"{name}\" tests=\"{all}\" failures=\"{failed}\" skipped=\"{skipped}\" time=\"{time:.3}\">"
        ),
    );
    for (suite, cases) in &suites {
        write_suite(&mut xml, suite, cases, run);
    }
    line(&mut xml, "</testsuites>");
    xml
}

fn write_suite(xml: &mut String, suite: &str, cases: &[Case], run: &RunResult) {
    let [all, failed, skipped] = [cases.len(), count(cases, has_failed), count(cases, was_skipped)];
    let (time, started) = (run.duration_s, attribute(&run.started_at));
    line(
        xml,
        &format!(
            "  <testsuite name=\"{suite}\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\" \
             time=\"{time:.3}\" timestamp=\"{started}\">"
        ),
    );
    for case in cases {
        let name = attribute(&case.name);
        line(xml, &format!("    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{:.3}\">", case.seconds));
        match &case.outcome {
            Failed { message, text } => {
                let (message, text) = (attribute(message), attribute(text));
                line(xml, &format!("      <failure message=\"{message}\" type=\"{suite}\">{text}</failure>"));
            }
            Skipped(told) => line(xml, &format!("      <skipped message=\"{}\"/>", attribute(told))),
            Passed(told) => line(xml, &format!("      <system-out>{}</system-out>", attribute(told))),
        }
        line(xml, "    </testcase>");
    }
    line(xml, "  </testsuite>");
}

/// Whether the figures are those of the service.
fn generator(run: &RunResult) -> Case {
    let limited = run.verdict == Verdict::GeneratorLimited;
    let outcome = if limited {
        let message = format!("the figures are not those of the service: {}", run.verdict_reasons.join("; "));
        Failed { text: message.clone(), message }
    } else {
        Passed(format!("{} of {} cores", units::significant(run.generator.cpu_cores), run.generator.cores))
    };
    Case { name: "the load generator had time to spare".to_owned(), seconds: run.duration_s, outcome }
}

/// Whether more requests failed than were allowed, or none was answered.
fn requests(run: &RunResult, too_many_failed: bool) -> Case {
    let [failures, all] = [run.failures, run.requests].map(units::count);
    let told = if run.requests == 0 {
        "no request was sent".to_owned()
    } else {
        format!("{failures} of {all} requests failed")
    };
    let outcome = Outcome::of(too_many_failed, told.clone(), || lines(&told, run.failure_groups.iter()));
    Case { name: "no more requests failed than allowed".to_owned(), seconds: run.duration_s, outcome }
}

fn threshold(outcome: &ThresholdOutcome) -> Case {
    let seen = outcome.seen.as_deref().unwrap_or("nothing");
    let judged = if outcome.held {
        Passed(seen.to_owned())
    } else {
        let message = format!("{}: {seen}", outcome.threshold);
        let text = outcome.why.as_ref().map_or_else(|| message.clone(), |why| format!("{message}\n{why}"));
        Failed { message, text }
    };
    Case { name: outcome.threshold.clone(), seconds: 0.0, outcome: judged }
}

/// A case for each route that has a check.
fn checks(run: &RunResult, too_many_failed: bool) -> Vec<Case> {
    let case = |route: &crate::run_result::RouteSummary| {
        let checks = route.checks.filter(|checks| checks.checked > 0)?;
        let [met, checked] = [checks.met, checks.checked].map(units::count);
        let told = format!("{met} of {checked} requests met their check");
        let of = |failure: &&FailureSummary| failure.method == route.method && failure.route == route.route;
        let text = || lines(&told, run.failure_groups.iter().filter(of));
        let outcome = Outcome::of(checks.met < checks.checked && too_many_failed, told.clone(), text);
        let seconds = route.latency_ms.as_ref().map_or(0.0, |times| times.mean / 1e3);
        Some(Case { name: format!("{} {}", route.method, route.route), seconds, outcome })
    };
    run.routes.iter().filter_map(case).collect()
}

fn journeys(run: &RunResult, too_many_failed: bool) -> Vec<Case> {
    let case = |journey: &crate::run_result::JourneySummary| {
        let [failures, all] = [journey.failures, journey.journeys].map(units::count);
        let told = format!("{failures} of {all} journeys failed");
        let text = || {
            let steps = journey.steps.iter().filter(|step| step.failed > 0);
            let at = steps.map(|step| format!("\n{} at {}", units::count(step.failed), step.name));
            format!("{told}{}", at.collect::<String>())
        };
        let outcome = if journey.journeys == 0 {
            Skipped("no journey ended".to_owned())
        } else {
            Outcome::of(journey.failures > 0 && too_many_failed, told.clone(), text)
        };
        let seconds = journey.latency_ms.as_ref().map_or(0.0, |times| times.mean / 1e3);
        Case { name: journey.name.clone(), seconds, outcome }
    };
    run.journeys.iter().map(case).collect()
}

fn lines<'f>(first: &str, failures: impl Iterator<Item = &'f FailureSummary>) -> String {
    failures.fold(first.to_owned(), |mut text, failure| {
        text.extend(["\n", units::count(failure.count).as_str(), " × ", failure.message.as_str()]);
        text
    })
}

fn attribute(text: &str) -> String {
    escaped(&printable(text))
}

fn line(xml: &mut String, text: &str) {
    xml.push_str(text);
    xml.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{CheckCounts, JourneySummary, StepSummary, example_run};

    #[test]
    fn a_run_is_cases_that_a_pipeline_shows() {
        let mut run = example_run();
        run.routes[0].checks = Some(CheckCounts { checked: 1_010, met: 10 });
        let steps = vec![StepSummary { name: "log in <&>".to_owned(), failed: 2, ..StepSummary::default() }];
        let mut journey = JourneySummary::new("buy".to_owned(), steps);
        (journey.journeys, journey.failures) = (10, 2);
        run.journeys.push(journey);
        insta::assert_snapshot!(junit(&run, true), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="load test  on " tests="6" failures="4" skipped="0" time="60.000">
          <testsuite name="run" tests="2" failures="1" errors="0" skipped="0" time="60.000" timestamp="2026-11-24T12:00:00.000Z">
            <testcase classname="run" name="the load generator had time to spare" time="60.000">
              <system-out>0.02 of 2 cores</system-out>
            </testcase>
            <testcase classname="run" name="no more requests failed than allowed" time="60.000">
              <failure message="1,001 of 3,030 requests failed" type="run">1,001 of 3,030 requests failed
        1,000 × 503 the database refused a connection: Too many connections (1040)</failure>
            </testcase>
          </testsuite>
          <testsuite name="thresholds" tests="2" failures="1" errors="0" skipped="0" time="60.000" timestamp="2026-11-24T12:00:00.000Z">
            <testcase classname="thresholds" name="p95&lt;200ms" time="0.000">
              <system-out>12.4 ms</system-out>
            </testcase>
            <testcase classname="thresholds" name="POST /orders:fail_ratio&lt;1%" time="0.000">
              <failure message="POST /orders:fail_ratio&lt;1%: 99.01 %" type="thresholds">POST /orders:fail_ratio&lt;1%: 99.01 %</failure>
            </testcase>
          </testsuite>
          <testsuite name="checks" tests="1" failures="1" errors="0" skipped="0" time="60.000" timestamp="2026-11-24T12:00:00.000Z">
            <testcase classname="checks" name="POST /orders" time="0.017">
              <failure message="10 of 1,010 requests met their check" type="checks">10 of 1,010 requests met their check
        1,000 × 503 the database refused a connection: Too many connections (1040)</failure>
            </testcase>
          </testsuite>
          <testsuite name="journeys" tests="1" failures="1" errors="0" skipped="0" time="60.000" timestamp="2026-11-24T12:00:00.000Z">
            <testcase classname="journeys" name="buy" time="0.000">
              <failure message="2 of 10 journeys failed" type="journeys">2 of 10 journeys failed
        2 at log in &lt;&amp;&gt;</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
        let allowed = junit(&run, false);
        assert!(allowed.contains("tests=\"6\" failures=\"1\""), "only the threshold: {allowed}");
        // A journey that nobody was given to is no journey that passed.
        (run.journeys[0].journeys, run.journeys[0].failures) = (0, 0);
        assert!(junit(&run, false).contains("<skipped message=\"no journey ended\"/>"));
        let mut reader = quick_xml::Reader::from_str(&allowed);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    }
}
