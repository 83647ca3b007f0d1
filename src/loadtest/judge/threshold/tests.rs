//! Tests of thresholds: how they are read, and what they are held by.

use std::time::Duration;

use super::*;
use crate::run_result::{CheckCounts, Histograms, RouteSummary, example_run};
use crate::stats::Latencies;

fn read(text: &str) -> Threshold {
    text.parse().unwrap()
}

#[test]
fn thresholds_are_read_as_people_write_them() {
    let p95 = read("p95<200ms");
    assert_eq!((p95.metric, p95.relation, p95.limit), (Metric::Percentile(95.0), Relation::Below, 200.0));
    assert_eq!(p95.route(), None);
    let ratio = read(" POST /orders : fail_ratio <= 1% ");
    assert_eq!((ratio.metric, ratio.relation, ratio.limit), (Metric::FailRatio, Relation::AtMost, 0.01));
    assert!(ratio.is_about("POST", "/orders") && !ratio.is_about("GET", "/orders"));
    assert!(!ratio.is_about("POST", "/orders/reports"));
    assert!(read("/orders:p50<1s").is_about("GET", "/orders"));
    assert_eq!(read("rps>=500").relation, Relation::AtLeast);
    assert_eq!(Some(read("p99.9<1.5s").limit), Some(1_500.0));
    assert_eq!(Some(read("max<800us").limit), Some(0.8));
}

#[test]
fn thresholds_are_also_read_as_k6_writes_them() {
    let p95 = read("http_req_duration:p(95)<200");
    assert_eq!((p95.metric, p95.limit, p95.route()), (Metric::Percentile(95.0), 200.0, None));
    assert_eq!(read("http_req_failed:rate<0.01").metric, Metric::FailRatio);
    assert_eq!(read("http_reqs:rate>10").metric, Metric::Rate);
    assert_eq!(read("http_reqs:count>10").metric, Metric::Requests);
    assert_eq!(read("checks:rate>0.9").metric, Metric::Checks);
    assert_eq!(read("http_req_duration:good:p(95)<200").answers, Answers::Good);
}

#[test]
fn a_threshold_says_what_it_limits() {
    assert!(read("checks>1%").is_about_checks() && !read("p95<1s").is_about_checks());
    let most = |text: &str| read(text).most_fail_ratio();
    assert_eq!((most("fail_ratio<30%"), most("fail_ratio<=25%")), (Some(0.3), Some(0.25)));
    for text in ["fail_ratio>30%", "/:fail_ratio<30%", "failures<3", "p95<1s"] {
        assert_eq!(most(text), None, "{text}");
    }
}

/// A run of 90 requests that took 1 to 90 ms, and further ones that were never answered.
fn with_unanswered(unanswered: u64) -> RunResult {
    let mut summary = example_run();
    let route = &mut summary.aggregated;
    (route.requests, route.failures, route.unanswered) = (90, 0, unanswered);
    (1..=90).for_each(|millis| route.histograms.succeeded.record(Duration::from_millis(millis)));
    let mut waited = Latencies::default();
    (0..unanswered).for_each(|_| waited.record(Duration::from_secs(10)));
    route.histograms.unanswered = Some(waited).filter(|waited| waited.count() > 0);
    summary.routes[0] = RouteSummary { method: "GET".to_owned(), route: "/".to_owned(), ..route.clone() };
    summary
}

#[test]
fn unanswered_requests_count_as_failed_and_slowest() {
    let (all_answered, ten_not) = (with_unanswered(0), with_unanswered(10));
    let shown = |summary: &RunResult, text: &str| {
        let outcome = read(text).evaluate(summary);
        (outcome.held, outcome.seen.unwrap())
    };
    let said = |held, seen: &str| (held, seen.to_owned());
    assert_eq!(shown(&all_answered, "fail_ratio<1%"), said(true, "0.00 %"));
    for route in ["", "GET /:"] {
        let shown = |text: &str| shown(&ten_not, &format!("{route}{text}"));
        assert_eq!(shown("fail_ratio<1%"), said(false, "10.00 %"));
        assert_eq!(shown("failures<=10"), said(true, "10"));
        assert_eq!(shown("p90<1s"), said(true, "90.0 ms"));
        assert_eq!(shown("p80<1s"), said(true, "80.1 ms"));
        for text in ["p91<1h", "max<1h", "p95>1ms"] {
            let text = text.replace("1h", "60min");
            assert_eq!(shown(&text), said(false, "unanswered"), "{text}");
        }
        assert!(!shown("avg<1s").0, "they were waited for");
    }
    assert_eq!(shown(&all_answered, "p80<1s"), said(true, "72.1 ms"));
    for answers in ["", "good:", "all:"] {
        let shown = |text: &str| shown(&all_answered, &format!("{answers}{text}"));
        let figures = ["avg<1s", "min<1s", "med<1s", "max<1s"].map(shown);
        let expected = ["45.5 ms", "1.00 ms", "45.0 ms", "90.0 ms"].map(|seen| said(true, seen));
        assert_eq!(figures, expected, "{answers}");
    }
}

#[test]
fn requests_never_sent_count_as_failed_for_all_routes_together() {
    let mut summary = with_unanswered(0);
    summary.generator.arrivals_missed = 10;
    let outcome = |text: &str| read(text).evaluate(&summary);
    assert_eq!(outcome("fail_ratio<1%").seen.as_deref(), Some("10.00 %"));
    assert!(outcome("p90<1s").held && !outcome("p95<1s").held);
    assert_eq!(outcome("requests<95").seen.as_deref(), Some("100"));
    assert!(outcome("GET /:fail_ratio<1%").held, "which route it would have been is not known");
}

#[test]
fn an_invalid_threshold_is_refused_with_an_example() {
    let error = |text: &str| text.parse::<Threshold>().unwrap_err().to_string();
    assert!(error("p95").contains("'p95<200ms'"));
    assert!(error("failures==0").contains("write 'failures<1'"), "{}", error("failures==0"));
    assert!(error("p95<200").contains("200ms or 1.5s"), "a bare number has no unit: {}", error("p95<200"));
    assert!(error("speed>3").contains("fail_ratio"));
    assert!(error("p101<1s").contains("any percentile"));
    assert_eq!(error("fail_ratio<few"), "fail_ratio: \"few\" is not a share: write 5% or 0.05");
    assert_eq!(error("POST /orders:fail_ratio<5"), "fail_ratio: \"5\" is more than 100 %: write 5% or 0.05");
    assert!(error("http_req_failed:rate<150%").contains("more than 100 %"));
    assert!(error("rps>-1").contains("500"));
    assert_eq!(
        error("good:POST /orders:p95<1s"),
        "good: stands before the figure and after the route: write 'POST /orders:good:p95'"
    );
    assert!(error("all:/orders:good:p95<1s").contains("all: stands before the figure"));
    for text in ["good:fail_ratio<1%", "/:all:failures<1", "good:checks>99%"] {
        assert!(error(text).contains("good and failed requests together: write it without "), "{text}");
    }
}

#[test]
fn the_answers_stand_between_route_and_figure() {
    let of = |text: &str| (read(text).route.clone(), read(text).answers);
    let route = |text: &str| Some(text.to_owned());
    assert_eq!(of("p95<1s"), (None, Answers::Judged));
    assert_eq!(of("good:p95<1s"), (None, Answers::Good));
    assert_eq!(of(" all : p95<1s"), (None, Answers::All));
    assert_eq!(of("POST /orders:good:p95<1s"), (route("POST /orders"), Answers::Good));
    assert_eq!(of("/v1:batch:all:rps>1"), (route("/v1:batch"), Answers::All));
    assert_eq!(of("/good:p95<1s"), (route("/good"), Answers::Judged));
    let first = ["good:p95<1s", "all:rps>1", "p95<1s", "/:good:p95<1s"].map(|text| read(text).first_word());
    assert_eq!(first, [Some("good"), Some("all"), None, None]);
    assert_eq!(of("GET good:p95<1s"), (route("GET good"), Answers::Judged), "a route of that name");
}

/// A run of which this many requests took 500 ms and succeeded, and this many failed after 1 ms.
fn of_which_failed(succeeded: u64, failed: u64) -> RunResult {
    let mut run = example_run();
    let route = &mut run.aggregated;
    (route.requests, route.failures, route.unanswered) = (succeeded + failed, failed, 0);
    (route.requests_per_s, route.failures_per_s) = ((succeeded + failed) as f64, failed as f64);
    (0..succeeded).for_each(|_| route.histograms.succeeded.record(Duration::from_millis(500)));
    (0..failed).for_each(|_| route.histograms.failed.record(Duration::from_millis(1)));
    route.checks = Some(CheckCounts { checked: succeeded + failed, met: succeeded });
    run.routes = vec![RouteSummary { method: "GET".to_owned(), route: "/".to_owned(), ..route.clone() }];
    run
}

#[test]
fn a_failure_improves_no_figure() {
    // Nine of ten are refused at once; the tenth takes 500 ms.
    let refused = of_which_failed(10, 90);
    for route in ["", "GET /:"] {
        let seen = |text: &str| {
            let outcome = read(&format!("{route}{text}")).evaluate(&refused);
            (outcome.seen.unwrap(), outcome.held)
        };
        for figure in ["p50", "p95", "p11", "p(99)", "avg", "max", "med"] {
            assert_eq!(seen(&format!("{figure}<100ms")), ("failed".to_owned(), false), "{figure}");
            assert_eq!(seen(&format!("{figure}>100ms")), ("failed".to_owned(), false), "{figure}");
            assert_eq!(seen(&format!("good:{figure}<100ms")), ("500 ms".to_owned(), false), "{figure}");
            assert!(seen(&format!("good:{figure}<501ms")).1, "{figure}");
        }
        assert_eq!(seen("p10<501ms"), ("500 ms".to_owned(), true), "the tenth of a hundred is good");
        assert_eq!(seen("min<100ms"), ("500 ms".to_owned(), false), "the fastest good answer");
        assert_eq!(seen("all:p50<100ms"), ("1.00 ms".to_owned(), true));
        assert_eq!(seen("all:max<1s"), ("500 ms".to_owned(), true));
        // A demand is met by good answers alone, and a limit counts all requests.
        assert_eq!(seen("rps>50"), ("10.0/s".to_owned(), false));
        assert_eq!(seen("rps<50"), ("100/s".to_owned(), false));
        assert_eq!(seen("requests>=50"), ("10".to_owned(), false));
        assert_eq!(seen("requests<50"), ("100".to_owned(), false));
        assert_eq!((seen("all:rps>50").1, seen("good:rps<50").1), (true, true));
        assert_eq!((seen("all:requests>50").1, seen("good:requests<50").1), (true, true));
        assert_eq!(seen("checks>99%"), ("10.00 %".to_owned(), false));
    }
    let why = read("p50<100ms").evaluate(&refused).why.unwrap();
    assert_eq!(why, "90 of 100 requests failed, and count as slower than all good answers");
    assert_eq!(read("p50<501ms").evaluate(&of_which_failed(50, 50)).why, None);
    assert!(read("p50<501ms").evaluate(&of_which_failed(50, 50)).held, "half of them are good");
}

#[test]
fn requests_without_an_answer_improve_no_figure_either() {
    let mut run = of_which_failed(90, 0);
    (run.aggregated.unanswered, run.routes[0].unanswered) = (10, 10);
    let outcome = |text: &str| read(text).evaluate(&run);
    for text in ["avg<1s", "max<1s", "p95<1s"] {
        assert_eq!((outcome(text).seen.as_deref(), outcome(text).held), (Some("unanswered"), false), "{text}");
    }
    assert!(outcome("avg<1s").why.unwrap().starts_with("10 of 100 requests were never answered"));
    assert_eq!(outcome("checks>99%").seen.as_deref(), Some("90.00 %"));
    assert_eq!(outcome("requests<95").seen.as_deref(), Some("100"));
    assert_eq!(outcome("all:requests<95").seen.as_deref(), Some("90"), "they were answered");
    assert!(outcome("good:max<1s").held && outcome("all:p95<1s").held, "of what was answered");
}

#[test]
fn requests_without_an_answer_are_slower_than_failures() {
    let mut run = of_which_failed(10, 20);
    run.aggregated.unanswered = 70;
    let seen = ["p10<1s", "p11<1s", "p30<1s", "p31<1s"].map(|text| read(text).evaluate(&run).seen.unwrap());
    assert_eq!(seen, ["500 ms", "failed", "failed", "unanswered"]);
}

#[test]
fn of_several_routes_the_worst_counts_in_any_order() {
    let mut run = of_which_failed(10, 0);
    let mut slow = run.routes[0].clone();
    "POST".clone_into(&mut slow.method);
    slow.histograms.succeeded.record(Duration::from_secs(2));
    let mut silent = run.routes[0].clone();
    "PUT".clone_into(&mut silent.method);
    (silent.requests, silent.histograms) = (0, Histograms::default());
    run.routes.push(slow.clone());
    for _ in 0..2 {
        let outcome = read("/:max<1s").evaluate(&run);
        assert_eq!((outcome.held, outcome.seen.as_deref()), (false, Some("2.00 s")), "{:?}", run.routes);
        run.routes.reverse();
    }
    run.routes = vec![slow, silent];
    for _ in 0..2 {
        let outcome = read("/:max<1s").evaluate(&run);
        assert_eq!(outcome.why.as_deref(), Some("nothing was measured: no request of PUT / was due"));
        run.routes.reverse();
    }
}

#[test]
fn no_threshold_holds_without_a_sample() {
    let mut run = of_which_failed(0, 0);
    for text in [
        "p95<1s",
        "good:p95<1s",
        "all:p95<1s",
        "avg<1s",
        "min<1s",
        "max<1s",
        "fail_ratio<1%",
        "failures<1",
        "failures<=0",
        "rps<5",
        "rps>=0",
        "good:rps<5",
        "all:rps<5",
        "requests<5",
        "requests>=0",
        "all:requests<5",
        "checks>=0",
        "checks<1",
    ] {
        for (route, what) in [("", "request"), ("GET /:", "request of GET /")] {
            let outcome = read(&format!("{route}{text}")).evaluate(&run);
            assert_eq!((outcome.held, &outcome.seen, outcome.value), (false, &None, None), "{route}{text}");
            assert_eq!(outcome.why, Some(format!("nothing was measured: no {what} was due")), "{route}{text}");
        }
    }
    // Of two routes with that path, one has no sample.
    let mut other = of_which_failed(10, 0).routes.remove(0);
    other.method = "POST".to_owned();
    run.routes.push(other);
    for text in ["/:failures<1", "/:p95<1s", "/:rps<99"] {
        let outcome = read(text).evaluate(&run);
        assert_eq!(outcome.why.as_deref(), Some("nothing was measured: no request of GET / was due"), "{text}");
    }
    run.routes.reverse();
    assert!(!read("/:failures<1").evaluate(&run).held, "in any order");
}

#[test]
fn what_was_not_measured_is_said() {
    let why = |run: &RunResult, text: &str| read(text).evaluate(run).why.unwrap();
    let mut refused = of_which_failed(0, 9);
    assert_eq!(why(&refused, "good:p95<1s"), "nothing was measured: no request succeeded");
    refused.aggregated.checks = None;
    assert_eq!(why(&refused, "checks>1%"), "nothing was measured: no request had to meet a check");
    let mut hung = of_which_failed(0, 0);
    hung.aggregated.unanswered = 3;
    assert_eq!(why(&hung, "rps<5"), "nothing was measured: no request was answered");
    assert_eq!(read("failures<1").evaluate(&hung).seen.as_deref(), Some("3"));
}

#[test]
fn a_check_of_a_route_that_was_not_answered_was_not_met() {
    let mut run = of_which_failed(100, 0);
    let mut silent = run.routes[0].clone();
    (silent.route, silent.requests, silent.unanswered) = ("/silent".to_owned(), 0, 50);
    silent.checks = Some(CheckCounts::default());
    run.routes.push(silent.clone());
    run.aggregated.unanswered = 50;
    assert_eq!(read("checks>50%").evaluate(&run).seen.as_deref(), Some("66.67 %"));
    run.generator.arrivals_missed = 50;
    assert_eq!(read("checks>50%").evaluate(&run).seen.as_deref(), Some("50.00 %"), "nor of one that was not sent");
    run.generator.arrivals_missed = 0;
    run.routes[1].checks = None;
    assert_eq!(read("checks>50%").evaluate(&run).seen.as_deref(), Some("100.00 %"), "it has no check");
}
