//! What a reader of the figures has to know and what no figure says, as whole sentences.

use std::time::Duration;

use crate::run_result::{RouteSummary, RunResult};
use crate::units;

/// From this share of a route's answers on, redirects are told.
const NOTABLE_REDIRECTS: f64 = 0.01;

/// The most routes that one sentence names.
const MOST_NAMES: usize = 5;

/// The caveats of a run so far; empty if there are none.
pub(super) fn caveats(run: &RunResult) -> Vec<String> {
    let mut caveats = Vec::new();
    if run.requests == 0 {
        caveats.push(nothing(run));
        caveats.extend(reached(run));
        return caveats;
    }
    if run.requests == run.failures {
        caveats.push("No request succeeded, so there are no times of good answers.".to_owned());
    }
    let never = |route: &&RouteSummary| route.requests + route.unanswered == 0;
    let never: Vec<_> = run.routes.iter().filter(never).map(name).collect();
    if !never.is_empty() {
        caveats.push(format!("Nothing was measured of {}: no request of it was due.", listed(&never)));
    }
    caveats.extend(redirects(run));
    caveats.extend(reached(run));
    caveats
}

/// Why a run that was steered is not compared with the run of a file.
pub(super) fn of_other_levels(file: &str) -> String {
    format!("This run was steered: it is comparable with a run of the same levels only, and {file} is not one.")
}

/// Why a run that was ended by hand is not compared with the run of a file.
pub(super) fn of_another_length(run: &RunResult, file: &str) -> String {
    let passed = units::duration(Duration::try_from_secs_f64(run.duration_s).unwrap_or_default());
    format!(
        "This run was ended by hand after {passed}: it is comparable with a run of the same length only, and {file} is not one."
    )
}

/// Whether it was the service that was reached, and all of it.
fn reached(run: &RunResult) -> Vec<String> {
    let mut caveats = Vec::new();
    if run.transport.insecure {
        caveats.push(
            "The certificate of the service was not checked (--insecure): it may have been somebody else who answered."
                .to_owned(),
        );
    }
    for address in run.transport.addresses.iter().filter(|address| address.failed_attempts > 0) {
        let attempts = address.failed_attempts + address.connections;
        let [failed, all] = [address.failed_attempts, attempts].map(units::count);
        let why = address.why.as_deref().unwrap_or("no reason is known");
        caveats.push(format!("{} did not accept {failed} of {all} connections: {why}.", address.address));
    }
    let made = run.journeys.iter().map(|journey| journey.journeys + journey.unfinished);
    let sent = if run.journeys.is_empty() { run.requests + run.in_flight_at_end } else { made.sum() };
    if let Some(wanted) = run.iterations.filter(|wanted| run.duration_s >= run.planned_s && sent < *wanted) {
        let [sent, wanted] = [sent, wanted].map(units::count);
        caveats.push(if run.journeys.is_empty() {
            format!("Only {sent} of {wanted} requests were sent in the run time: give a longer --run-time.")
        } else {
            format!("Only {sent} of {wanted} journeys were made in the run time: give a longer --run-time.")
        });
    }
    caveats
}

/// Why no request was answered or failed.
fn nothing(run: &RunResult) -> String {
    if run.due() > 0 {
        return "No request was answered or failed while the run was measured.".to_owned();
    }
    match &run.warm_up {
        Some(warm_up) if warm_up.unanswered > 0 => {
            let waiting = units::count(warm_up.unanswered);
            format!(
                "Nothing was measured: no request was due after the warm-up, because {waiting} of it had no answer."
            )
        }
        Some(_) => "Nothing was measured: no request was due after the warm-up.".to_owned(),
        None => "Nothing was measured: no request was due.".to_owned(),
    }
}

/// Redirects count as good unless a check says otherwise, and are not followed.
fn redirects(run: &RunResult) -> Option<String> {
    let notable = |route: &&RouteSummary| {
        let (redirects, answers) = counts(route);
        route.good() > 0 && redirects > 0 && redirects as f64 >= NOTABLE_REDIRECTS * answers as f64
    };
    let routes: Vec<_> = run.routes.iter().filter(notable).collect();
    if routes.is_empty() {
        return None;
    }
    let (redirects, answers) = routes.iter().map(|route| counts(route)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let [redirects, answers] = [redirects, answers].map(units::count);
    let names = listed(&routes.into_iter().map(name).collect::<Vec<_>>());
    Some(format!(
        "{redirects} of {answers} answers of {names} are redirects, which are not followed: what they point to was not \
         tested."
    ))
}

/// The number of a route's answers that are redirects, and of all its answers. 304 is none: it says that the client's
/// copy is still good.
fn counts(route: &RouteSummary) -> (u64, u64) {
    let statuses = route.statuses.iter().flatten();
    statuses.fold((0, 0), |(redirects, answers), (status, count)| {
        let is_redirect = matches!(status, 301 | 302 | 303 | 307 | 308);
        (redirects + if is_redirect { *count } else { 0 }, answers + count)
    })
}

fn name(route: &RouteSummary) -> String {
    format!("{} {}", route.method, route.route)
}

/// A few names, and how many more there are.
fn listed(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(MOST_NAMES));
    let shown = shown.join(", ");
    if more.is_empty() { shown } else { format!("{shown} and {} more routes", more.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{AddressSummary, JourneySummary, WarmUpSummary, example_run};

    #[test]
    fn what_was_not_reached_is_told() {
        let mut run = example_run();
        let said = |run: &RunResult| reached(run).join(" ");
        assert_eq!(said(&run), "");
        let address = |connections, failed_attempts| AddressSummary {
            address: "127.0.0.2:80".to_owned(),
            connections,
            failed_attempts,
            requests: 0,
            why: Some("connection refused".to_owned()),
        };
        run.transport.addresses = vec![address(5, 0), address(1_000, 500)];
        assert_eq!(said(&run), "127.0.0.2:80 did not accept 500 of 1,500 connections: connection refused.");
        (run.transport.addresses, run.transport.insecure) = (Vec::new(), true);
        assert!(said(&run).contains("not checked (--insecure)"));
        (run.transport.insecure, run.iterations) = (false, Some(3_033));
        assert_eq!(said(&run), "", "all were sent");
        run.iterations = Some(3_034);
        assert!(said(&run).starts_with("Only 3,033 of 3,034 requests were sent"), "{}", said(&run));
        run.planned_s = 600.0;
        assert_eq!(said(&run), "", "it is not over, or was interrupted");
    }

    #[test]
    fn journeys_on_their_way_at_the_end_count_as_made() {
        let made = |journeys, unfinished, wanted| {
            let mut run = example_run();
            let mut journey = JourneySummary::new("buy".to_owned(), Vec::new());
            (journey.journeys, journey.unfinished) = (journeys, unfinished);
            (run.journeys, run.iterations) = (vec![journey], Some(wanted));
            reached(&run).join(" ")
        };
        assert_eq!(made(7, 3, 10), "");
        let said = made(7, 3, 20);
        assert!(said.starts_with("Only 10 of 20 journeys were made"), "{said}");
    }

    fn of(change: impl FnOnce(&mut RunResult)) -> Vec<String> {
        let mut run = example_run();
        change(&mut run);
        caveats(&run)
    }

    fn nothing(run: &mut RunResult) {
        (run.requests, run.failures, run.in_flight_at_end) = (0, 0, 0);
    }

    #[test]
    fn a_run_without_a_request_says_why() {
        assert_eq!(of(nothing), ["Nothing was measured: no request was due."]);
        let warm_up = |unanswered| WarmUpSummary {
            duration_s: 5.0,
            requests: 20,
            failures: 0,
            unanswered,
            requests_per_s: 4.0,
            latency_ms: None,
            succeeded_latency_ms: None,
        };
        let after = |unanswered| of(|run| (nothing(run), run.warm_up = Some(warm_up(unanswered))).1);
        assert_eq!(after(0), ["Nothing was measured: no request was due after the warm-up."]);
        assert!(after(7)[0].ends_with("because 7 of it had no answer."), "{:?}", after(7));
        let hung = of(|run| (nothing(run), run.in_flight_at_end = 3).1);
        assert_eq!(hung, ["No request was answered or failed while the run was measured."]);
    }

    #[test]
    fn routes_that_were_never_requested_are_named() {
        assert_eq!(of(|_| {}), Vec::<String>::new());
        let never = |run: &mut RunResult| (run.routes[2].requests, run.routes[2].statuses) = (0, None);
        assert_eq!(
            of(never),
            ["Nothing was measured of GET /orders/reports/highest-spenders: no request of it was due."]
        );
        let many = of(|run| {
            never(run);
            let route = run.routes[2].clone();
            run.routes.extend(std::iter::repeat_n(route, 6));
        });
        assert!(many[0].contains(" and 2 more routes: "), "{many:?}");
        let waiting = of(|run| (never(run), run.routes[2].unanswered = 1).1);
        assert_eq!(waiting, Vec::<String>::new(), "it was requested");
    }

    #[test]
    fn a_run_in_which_nothing_succeeded_says_so() {
        assert!(of(|run| run.failures = run.requests)[0].starts_with("No request succeeded"));
    }

    #[test]
    fn redirects_that_count_as_good_are_told() {
        let with = |statuses: &[(u16, u64)], failures: u64| {
            of(|run| {
                run.routes[1].statuses = Some(statuses.iter().copied().collect());
                run.routes[1].failures = failures;
            })
        };
        assert_eq!(
            with(&[(301, 2_000)], 0),
            ["2,000 of 2,000 answers of GET /orders/reports/best-sellers are redirects, which are not followed: what \
              they point to was not tested."]
        );
        assert_eq!(with(&[(200, 1_980), (307, 20)], 0).len(), 1);
        let none = Vec::<String>::new();
        assert_eq!(with(&[(200, 1_990), (302, 10)], 0), none, "fewer than one in a hundred");
        assert_eq!(with(&[(304, 2_000)], 0), none, "not a redirect");
        assert_eq!(with(&[], 0), none, "no status is known");
        assert_eq!(with(&[(301, 2_000)], 2_000), none, "a check refused them, so they are failures");
    }
}
