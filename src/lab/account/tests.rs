//! Sentences and tables of accounts whose figures are known.

use super::*;
use crate::lab::{Burst, ConnectionPoint, DatabaseSide, Failover, ServerSide, UnloadedRequests, UserLimit};
use crate::run_result::{LatencySummary, Verdict, example_run};

/// A measurement with this many failures among 1,000 orders and 2,000 reports.
fn measurement(orders: u64, reports: u64) -> Measurement {
    let mut load = example_run();
    load.thresholds.clear();
    load.routes.truncate(2);
    for (route, (requests, failures)) in load.routes.iter_mut().zip([(1_000, orders), (2_000, reports)]) {
        (route.requests, route.failures) = (requests, failures);
    }
    load.requests = 3_000;
    load.in_flight_at_end = 0;
    load.failures = orders + reports;
    load.fail_ratio = Some(load.failures as f64 / 3_000.0);
    (load.aggregated.requests, load.aggregated.failures) = (load.requests, load.failures);
    // A refusal is quick: half of all requests that a collapse answers is no answer at all.
    for route in load.routes.iter_mut().chain([&mut load.aggregated]) {
        let times = |p50: f64| route.latency_ms.clone().map(|times| LatencySummary { p50, ..times });
        let (good, failed) = (times(if orders > 0 { 181.0 } else { 0.4 }), times(0.9));
        route.succeeded_latency_ms = good.filter(|_| route.requests > route.failures);
        route.failed_latency_ms = failed.filter(|_| route.failures > 0);
    }
    load.failure_groups.retain(|_| orders > 0);
    for group in &mut load.failure_groups {
        (group.count, group.share) = (orders, orders as f64 / 3_000.0);
    }
    load.environment.cpu = "a known processor".to_owned();
    (load.environment.cores, load.environment.memory_bytes) = (2, Some(8 << 30));
    load.environment.storemgr = "0.1.0".to_owned();
    Measurement {
        load,
        server: Some(ServerSide {
            requests: 3_000,
            failures: orders + reports,
            difference_percent: Some(0.0),
            refused_connections: orders + reports,
            cpu_cores: 0.21,
            memory_peak_bytes: 12 << 20,
            ..ServerSide::default()
        }),
        report: None,
        database: Some(DatabaseSide {
            version: "9.7.1".to_owned(),
            max_connections: 151,
            peak: ConnectionPoint { at_s: 9.0, open: 150, running: 1, asleep: 149, longest_sleep_s: 29 },
            most_running: 3,
            longest_sleep_s: 30,
            cpu_cores: Some(0.08),
            statements: 6_000,
            rows_read: 600_000,
            timeline: Vec::new(),
        }),
        alone: Some(UnloadedRequests {
            order_statements: 15,
            order_ms: 12.4,
            cold_report_rows: 160_321,
            cold_report_ms: 98.0,
        }),
        burst: Some(Burst {
            users: 256,
            duration_s: 10.0,
            orders_per_s: 5.0,
            fail_ratio: Some(0.99),
            p50_ms: Some(4.0),
            p99_ms: Some(9.0),
            statements_per_order: Some(15.2),
            orders_per_commit: Some(1.0),
            left_open: None,
            verdict: Verdict::Valid,
        }),
        failover: None,
        limit: None,
        remarks: Vec::new(),
    }
}

/// The same store with a pool, read models and group commit.
fn cured() -> Measurement {
    let mut measurement = measurement(0, 0);
    if let Some(database) = &mut measurement.database {
        database.peak = ConnectionPoint { at_s: 3.0, open: 12, running: 2, asleep: 10, longest_sleep_s: 4 };
    }
    if let Some(server) = &mut measurement.server {
        (server.cache_lookups, server.cache_hits, server.cache_stale) = (2_000, 1_980, 99);
    }
    measurement.alone =
        Some(UnloadedRequests { order_statements: 7, order_ms: 2.1, cold_report_rows: 10_003, cold_report_ms: 8.1 });
    if let Some(burst) = &mut measurement.burst {
        (burst.orders_per_s, burst.fail_ratio, burst.orders_per_commit) = (5_000.0, Some(0.0), Some(42.0));
    }
    measurement
}

fn account(first: Measurement, second: Measurement) -> Account {
    let conditions = LabConditions { rungs: vec![1, 5], ..LabConditions::default() };
    let mut account = Account::new(&conditions, &conditions.subjects(), Language::English);
    account.add(0, first);
    account.add(1, second);
    account
}

#[test]
fn a_collapse_is_told_by_its_figures() {
    let account = account(measurement(900, 1_000), cured());
    assert_eq!(
        account.rungs[0].findings,
        [
            "63.33 % of 3,000 requests failed: 90.00 % of the orders and 50.00 % of the reports.",
            "Half of the good answers came within 181 ms, half of the failures within 0.9 ms.",
            "47.37 % of the failures say: 503 the database refused a connection: Too many connections (1040).",
            "At the peak 150 of 151 database connections were open, 149 asleep, one of them for 29 s; 1 ran a statement, and \
             the database used 0.08 processors. The database was idle: connections were missing, left open by requests that \
             had ended.",
            "When orders come as fast as they are answered, it accepts 5.00 of them a second and fails 99.00 %.",
        ]
    );
    assert_eq!(
        account.rungs[1].findings,
        [
            "None of 3,000 requests failed.",
            "That is 63.3 points fewer than in rung 1 (63.33 %): orders 0.00 % instead of 90.00 %, reports 0.00 % instead of \
             50.00 %.",
            "At most 12 of 151 database connections were open.",
            "99.00 % of the reports came from the cache, without waiting for the database; 5.00 % of these were older than they \
             should be.",
            "An order of three products, alone, takes 7 statements instead of 15 (2.1 ms instead of 12).",
            "A report that is in no cache reads 10,003 rows instead of 160,321 (8.1 ms instead of 98).",
            "When orders come as fast as they are answered, it accepts 5,000 of them a second, 1,000 times as many as rung 1 \
             (5.00), 42.0 in one commit.",
        ]
    );
    assert_eq!(account.rungs[0].headline, account.rungs[0].findings[0]);
    assert_eq!(account.rungs[1].headline, account.rungs[1].findings[..2].join(" "));
}

#[test]
fn what_did_not_change_is_not_praised() {
    let account = account(measurement(900, 1_000), measurement(905, 995));
    let second = &account.rungs[1].findings;
    assert_eq!(second[1], "That is no change beyond the noise, compared with rung 1 (63.33 %).");
    assert!(second.iter().all(|finding| !finding.contains("instead of")), "{second:?}");
    assert!(second.last().unwrap().ends_with(", about as many as rung 1."), "{second:?}");
    let both_good = self::account(cured(), cured());
    assert_eq!(both_good.rungs[1].findings[1], "The same is true of rung 1.");
}

#[test]
fn a_busy_database_is_not_called_idle_and_a_worse_rung_is_called_worse() {
    let mut busy = measurement(950, 1_500);
    if let Some(database) = &mut busy.database {
        (database.peak.running, database.peak.asleep) = (140, 10);
    }
    let account = account(measurement(900, 1_000), busy);
    let findings = account.rungs[1].findings.join(" ");
    assert!(!findings.contains("idle"), "{findings}");
    assert!(findings.contains("18.3 points more than in rung 1"), "{findings}");
}

#[test]
fn several_rounds_show_the_median_and_widen_what_counts_as_noise() {
    let mut account = account(measurement(500, 0), measurement(560, 0));
    assert!(account.rungs[1].findings[1].contains("more than in rung 1"), "{:?}", account.rungs[1].findings);
    account.add(0, measurement(600, 0));
    account.add(0, measurement(450, 0));
    let first = &account.rungs[0];
    assert_eq!((first.rounds, first.shown.as_ref().unwrap().load.failures), (3, 500));
    assert_eq!(first.fail_ratio_range, Some((0.15, 0.2)));
    assert!(account.rungs[1].findings[1].contains("no change beyond the noise"), "{:?}", account.rungs[1].findings);
    let said = "That is the median of 3 rounds, from 15.00 % to 20.00 %.";
    assert!(account.rungs[0].headline.contains(said), "{}", account.rungs[0].headline);
    account.broken(0, "it ended".to_owned());
    account.add(0, measurement(700, 0));
    assert_eq!(account.rungs[0].shown.as_ref().unwrap().load.failures, 600, "of two in the middle the worse");
    assert!(!account.is_complete() && account.rungs[0].findings.last().unwrap().contains("A round of it broke"));
}

#[test]
fn a_burst_after_one_in_which_nothing_was_accepted_says_so() {
    let mut held = measurement(900, 1_000);
    if let Some(burst) = &mut held.burst {
        burst.orders_per_s = 0.0;
    }
    let account = account(held.clone(), cured());
    let written = account.rungs[1].findings.iter().find(|finding| finding.contains("come as fast")).unwrap();
    assert!(written.contains("5,000 of them a second, where rung 1 accepts none"), "{written}");
    let both = self::account(held.clone(), held);
    assert!(!both.rungs[1].findings.join(" ").contains("where rung 1"), "{:?}", both.rungs[1].findings);
}

#[test]
fn what_was_never_answered_is_told_and_nothing_answered_is_no_success() {
    let mut silent = measurement(0, 0);
    (silent.load.requests, silent.load.in_flight_at_end) = (0, 150);
    let account = account(measurement(900, 1_000), silent);
    let findings = &account.rungs[1].findings;
    assert_eq!(findings[..2], ["No request was answered.", "150 more requests were not answered at the end."]);
    assert!(!findings.join(" ").contains("noise"), "{findings:?}");
}

#[test]
fn a_rung_that_broke_says_why_and_the_next_one_is_held_against_the_one_before_it() {
    let conditions = LabConditions { rungs: vec![1, 2, 3], ..LabConditions::default() };
    let mut account = Account::new(&conditions, &conditions.subjects(), Language::English);
    account.add(0, measurement(900, 1_000));
    account.broken(1, "serve-1 ended with exit code 2".to_owned());
    account.add(2, measurement(900, 0));
    assert_eq!(account.rungs[1].findings, ["It broke: serve-1 ended with exit code 2"]);
    assert!(account.rungs[2].headline.contains("than in rung 1"), "{}", account.rungs[2].headline);
    assert!(!account.is_complete());
}

#[test]
fn the_tables_fit_a_hundred_columns() {
    let account = account(measurement(900, 1_000), cured());
    let all = account.ladder_tables().into_iter().chain(account.subject_tables(1));
    let text: Vec<_> = all.map(|table| table.render(None, false)).collect();
    let text = text.join("\n");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?} columns:\n{text}");
    insta::assert_snapshot!(text, @"
    All rungs: the share that failed, and how long good answers took, in milliseconds
     #  Rung                 Requests   Failed   Orders  Reports  good/s  p50  p95  p99  Failed p50
    ────────────────────────────────────────────────────────────────────────────────────────────────
     1  baseline                3,000  63.33 %  90.00 %  50.00 %    33.8  181   12  801         0.9
     5  bounded connections     3,000   0.00 %   0.00 %   0.00 %    33.8  0.4   12  801           -
    What explains it: connections at the peak; an order of three products and a cold report, alone
     #  Connections  Asleep  Running  Refused  Statements   Cached     Rows   ms  Store  Database
    ──────────────────────────────────────────────────────────────────────────────────────────────
     1   150 of 151     149        1    1,900          15        -  160,321   98   0.21      0.08
     5    12 of 151      10        2        0           7  99.00 %   10,003  8.1   0.21      0.08
    What it can write: 256 users who order as fast as they are answered, 10 s
     #  Rung                 Orders/s   Failed  p50 ms  p99 ms  Statements  Per commit
    ───────────────────────────────────────────────────────────────────────────────────
     1  baseline                 5.00  99.00 %     4.0     9.0        15.2        1.00
     5  bounded connections     5,000   0.00 %     4.0     9.0        15.2        42.0
    Requests and failures as the load test counted them, beside Prometheus
     #  Rung                 Load test  Prometheus     Diff  Failed  4xx, 5xx     Diff
    ───────────────────────────────────────────────────────────────────────────────────
     1  baseline                 3,000       3,000  +0.00 %   1,900     1,900  +0.00 %
     5  bounded connections      3,000       3,000  +0.00 %       0         0  +0.00 %
    Requests and failures; differences in percentage points
     Type  Name                          # reqs  # fails  Failed  To rung 1  good/s  fails/s
    ─────────────────────────────────────────────────────────────────────────────────────────
     POST  /orders                        1,000        0  0.00 %      -90.0    0.17     16.7
     GET   /orders/reports/best-sellers   2,000        0  0.00 %      -50.0    33.3     0.02
           Aggregated                     3,000        0  0.00 %      -63.3    33.8     16.7
    Response times in milliseconds, of good answers
     Type  Name                          Med  p95  p99  Avg  Min     Max
    ─────────────────────────────────────────────────────────────────────
     POST  /orders                       0.4   12  801   17  0.4  60,001
     GET   /orders/reports/best-sellers  0.4   12  801   17  0.4  60,001
           Aggregated                    0.4   12  801   17  0.4  60,001
    What explains it
     Figure                                                 Rung 1       Here
    ──────────────────────────────────────────────────────────────────────────
     database connections open at the peak              150 of 151  12 of 151
       of these asleep                                         149         10
       of these running a statement                              1          2
     longest that one was seen asleep                         30 s       30 s
     connections the database refused (1040)                 1,900          0
     statements for an order of three products, alone           15          7
       milliseconds                                             12        2.1
     rows read for a report that is in no cache, alone     160,321     10,003
       milliseconds                                             98        8.1
     reports answered out of the cache                           -    99.00 %
       of these older than they should be                        -     5.00 %
     statements per second                                     100        100
     rows read per second                                   10,000     10,000
     processors used by the instances                         0.21       0.21
     processors used by the database                          0.08       0.08
     most memory of an instance                           12.0 MiB   12.0 MiB
     orders accepted per second, as fast as they come         5.00      5,000
       of these orders failed                              99.00 %     0.00 %
       milliseconds of accepted ones, median                   4.0        4.0
       statements per accepted order                          15.2       15.2
       accepted orders per commit                             1.00       42.0
    ");
}

#[test]
fn the_page_and_the_document_hold_every_rung() {
    let account = account(measurement(900, 1_000), cured());
    let (page, document) = (page::page(&account), markdown::text(&account));
    for subject in &account.rungs {
        assert!(
            page.contains(&format!("<h2 class=\"part\">{}</h2>", subject.title(Language::English))),
            "{}",
            subject.name
        );
        assert!(document.contains(&format!("## {}", subject.title(Language::English))), "{}", subject.name);
    }
    assert!(page.matches("<figure>").count() >= 6 && !page.contains("<script"), "{}", page.len());
}

#[test]
fn changes_that_cancel_out_are_told_as_such() {
    let account = account(measurement(100, 400), measurement(300, 200));
    let said = &account.rungs[1].findings[1];
    assert!(
        said.starts_with("In total that is the same as in rung 1 (16.67 %), but orders 30.00 % instead of 10.00 %"),
        "{said}"
    );
}

#[test]
fn connections_are_missing_only_where_somebody_was_refused_and_the_database_idle() {
    let idle = |change: fn(&mut Measurement)| {
        let mut one = measurement(900, 1_000);
        change(&mut one);
        account(one, cured()).rungs[0].findings.join(" ").contains("connections were missing")
    };
    assert!(idle(|_| {}));
    assert!(!idle(|one| one.database.as_mut().unwrap().cpu_cores = Some(1.34)), "it works");
    assert!(!idle(|one| one.server.as_mut().unwrap().refused_connections = 0), "nobody was refused");
}

#[test]
fn what_a_service_said_is_shown_and_not_obeyed() {
    let mut hostile = measurement(900, 1_000);
    hostile.remarks.push("the database said \u{1b}[2J\u{202e}".to_owned());
    if let Some(database) = &mut hostile.database {
        database.version = "9.7.1\u{9b}2J".to_owned();
    }
    let account = account(hostile, cured());
    let (markdown, page) = (super::markdown::text(&account), super::page::page(&account));
    for form in [markdown, page] {
        assert!(form.contains("the database said \u{fffd}[2J\u{fffd}") && form.contains("9.7.1\u{fffd}2J"), "{form}");
        assert!(!form.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{form:?}");
    }
}

#[test]
fn where_no_answer_was_good_its_time_is_a_dash() {
    let account = account(measurement(1_000, 2_000), cured());
    let said = "No answer was good; half of the failures came within 0.9 ms.";
    assert!(account.rungs[0].findings.iter().any(|finding| finding == said), "{:?}", account.rungs[0].findings);
    let table = account.ladder_tables()[0].render(None, false);
    let row = table.lines().find(|line| line.contains("baseline")).unwrap();
    assert_eq!(row.split_whitespace().rev().take(5).collect::<Vec<_>>(), ["0.9", "-", "-", "-", "33.8"], "{table}");
    assert!(page::page(&account).contains("<dt>p95 of good answers, baseline</dt><dd>-</dd>"));
}

#[test]
fn each_question_is_answered_by_the_figures_or_says_how_to_measure_it() {
    let account = account(measurement(900, 1_000), cured());
    let answers = answers::answers(&account);
    assert_eq!(answers.len(), 9);
    let said = |number: usize| answers[number - 1].sentences.join(" ");
    assert!(said(1).starts_with("Rung 1: baseline. 63.33 % of 3,000 requests failed"), "{}", said(1));
    assert!(said(2).contains("orders: 900 of 1,000 (90.00 %), reports: 1,000 of 2,000 (50.00 %)"), "{}", said(2));
    assert!(said(7).contains("Rung 1: baseline. 90.00 % of the orders failed."), "{}", said(7));
    assert!(said(7).contains("instead of one per request). 0.00 % of the orders failed."), "{}", said(7));
    for (number, options) in
        [(4, "--rungs 1,2"), (5, "--order-lines"), (6, "--rungs 2,3"), (8, "--rungs 3,4"), (9, "--balance")]
    {
        assert!(said(number).contains(&format!("`storemgr lab {options}")), "{}", said(number));
    }
    for (answer, number) in answers.iter().zip(1..) {
        assert_eq!(!answer.charts.is_empty(), [1, 2, 3, 7].contains(&number), "question {number}");
    }
}

#[test]
fn the_first_question_has_a_number_searched_or_computed() {
    let mut first = measurement(900, 1_000);
    (first.load.users, first.load.requests_per_s) = (150, 96.8);
    let mut account = account(first, cured());
    let sentences = |account: &Account| answers::answers(account)[0].sentences.join(" ");
    let computed = sentences(&account);
    assert!(
        computed.contains("150 connections, each kept for 30 s, are enough for 5.0 requests a second."),
        "{computed}"
    );
    assert!(computed.contains("150 users sent 96.8 a second, so about 8 users send as many."), "{computed}");
    let shown = account.rungs[0].shown.as_mut().unwrap();
    let limit = UserLimit {
        last_good: Some(7),
        first_bad: Some(8),
        broken: Vec::new(),
        generator_gave_way: false,
        steady: false,
        held_back: None,
    };
    shown.limit = Some(limit);
    let searched = sentences(&account);
    assert!(searched.contains("It fails from 8 users on") && searched.contains("may be a little off"), "{searched}");
    assert!(!searched.contains("Computed"), "{searched}");
    account.rungs[0].shown.as_mut().unwrap().limit = Some(UserLimit::not_found("it is gone".to_owned()));
    let failed = sentences(&account);
    assert!(failed.contains("The search of this number gave nothing: it is gone."), "{failed}");
}

#[test]
fn each_answer_stands_beside_that_of_the_original_with_a_figure_that_explains_the_difference() {
    let mut account = account(measurement(900, 1_000), cured());
    let text = |account: &Account| answers::beside_the_original(account).render(None, false);
    let english = text(&account);
    let row = |number: &str| english.lines().find(|line| line.trim_start().starts_with(number)).unwrap().to_owned();
    assert!(row("2 ").contains("orders 96 %, reports 54 %") && row("2 ").contains("orders 90.00 %, reports 50.00 %"));
    // 150 connections for 30 s, and the rate of the example.
    let expected = 1.0 - 150.0 / (30.0 * account.rungs[0].shown.as_ref().unwrap().load.requests_per_s);
    assert!(row("2 ").contains(&Language::English.percent(expected)), "{}", row("2 "));
    assert!(row("4 ").trim_end().ends_with('-'), "what was not measured is not compared: {}", row("4 "));
    account.language = Language::French;
    assert!(text(&account).contains("commandes 90,00\u{202f}%, rapports 50,00\u{202f}%"), "{}", text(&account));
}

#[test]
fn a_lab_that_is_shorter_than_connections_linger_says_what_that_changes() {
    let said = |run_time_s: u64, rungs: &[u8]| {
        let conditions = LabConditions { run_time_s, rungs: rungs.to_vec(), ..LabConditions::default() };
        let account = Account::new(&conditions, &conditions.subjects(), Language::English);
        account.setting().join(" ").contains("shorter than the 30 s")
    };
    assert!(said(12, &[1, 7]));
    assert!(!said(60, &[1, 7]) && !said(12, &[5, 7]));
}

#[test]
fn refusals_that_no_request_felt_are_explained() {
    let said = |failed: (u64, u64), refused: u64, stale: u64| {
        let mut one = measurement(failed.0, failed.1);
        let server = one.server.as_mut().unwrap();
        (server.refused_connections, server.cache_stale) = (refused, stale);
        findings::refusals(&one, Language::English)
    };
    let behind = said((206, 0), 426, 230).unwrap();
    assert!(behind.starts_with("The database refused 426 connections, but only 206 requests failed: the other 220"));
    assert!(behind.contains("(230 times)"), "{behind}");
    assert_eq!(said((206, 0), 210, 230), None, "about as many");
    assert_eq!(said((206, 0), 426, 0), None, "no report was computed in the background");
    assert!(said((206, 0), 150, 0).unwrap().contains("56 of them for another reason"));
    assert_eq!(said((0, 0), 0, 0), None);
}

/// The last rung, whose primary was killed: 218 of 3,000 requests failed.
fn survived() -> Measurement {
    let mut measurement = measurement(210, 8);
    measurement.failover = Some(Failover {
        killed_at_s: 30.04,
        accepted_after_s: Some(7.13),
        failed: 218,
        refused: 215,
        own_orders: 140,
        accepted_orders: 792,
        stored_orders: Some(792),
    });
    measurement
}

/// An account of the rungs 7 and 8.
fn account_of_loss(change: fn(&mut Failover)) -> Account {
    let conditions = LabConditions { rungs: vec![7, 8], ..LabConditions::default() };
    let mut account = Account::new(&conditions, &conditions.subjects(), Language::English);
    let mut survived = survived();
    change(survived.failover.as_mut().unwrap());
    account.add(0, cured());
    account.add(1, survived);
    account
}

#[test]
fn the_loss_of_a_server_is_told_by_its_figures() {
    let account = account_of_loss(|_| {});
    let findings = &account.rungs[1].findings;
    assert_eq!(
        findings[2..4],
        [
            "In second 30.0 the primary was killed; 7.1 s later an order was accepted again, and 218 requests of the load \
             failed from then on, 215 of them refused with 503.",
            "No accepted order was lost: 792 were accepted, and the database has as many more than before.",
        ]
    );
    assert_eq!(account.rungs[1].headline, findings[..3].join(" "));
    let tables = account.ladder_tables();
    let table = tables.iter().map(|table| table.render(None, false)).find(|table| table.contains("Killed at")).unwrap();
    insta::assert_snapshot!(table, @"
    The loss of the primary: when, how long until an order was accepted, and what it cost
     #  Rung           Killed at  Order after  Failed  503  Accepted  Stored  Lost
    ───────────────────────────────────────────────────────────────────────────────
     8  three servers     30.0 s        7.1 s     218  215       792     792     0
    ");
    let explained = account.subject_tables(1).last().unwrap().render(None, false);
    assert!(explained.contains("seconds from the loss of the primary to the next accepted order"), "{explained}");
    assert!(page::page(&account).contains("<dt>without orders, three servers</dt><dd>7.1 s</dd>"));
    assert!(page::page(&account).contains("<dt>failed, group commit</dt>"), "the cure is the last rung without a loss");
    assert!(markdown::text(&account).contains("7.1 s"));
    let without = self::account(measurement(900, 1_000), cured());
    assert!(without.ladder_tables().iter().all(|table| !table.render(None, false).contains("Killed at")));
}

#[test]
fn what_a_loss_left_open_is_not_told_as_known() {
    let said = |change: fn(&mut Failover)| account_of_loss(change).rungs[1].findings[2..4].join(" ");
    let lost = said(|failover| failover.stored_orders = Some(790));
    assert!(lost.contains("Accepted orders were lost: 792 were accepted, and the database has 790 of them."), "{lost}");
    let more = said(|failover| failover.stored_orders = Some(795));
    assert!(more.contains("No accepted order is missing: 792 were accepted, and the database has 3 more"), "{more}");
    assert!(said(|failover| failover.stored_orders = None).contains("is not known"));
    let never = said(|failover| failover.accepted_after_s = None);
    assert!(never.contains("no order was accepted any more"), "{never}");
    assert!(said(|failover| failover.failed = 0).contains("no request of the load failed from then on"));
}

#[test]
fn a_measurement_of_an_earlier_version_has_no_loss_of_a_server() {
    let earlier = serde_json::to_value(cured()).unwrap();
    assert!(earlier.get("failover").is_none(), "other rungs say nothing of it");
    assert_eq!(serde_json::from_value::<Measurement>(earlier).unwrap().failover, None);
    let now = serde_json::to_value(survived()).unwrap();
    assert_eq!(serde_json::from_value::<Measurement>(now).unwrap().failover, survived().failover);
}

#[test]
fn in_french_nothing_is_left_in_english() {
    for mut account in [account(measurement(900, 1_000), cured()), account_of_loss(|_| {})] {
        account.language = Language::French;
        let text = markdown::text(&account);
        for (english, french) in Language::French.catalogue().filter(|(english, french)| english != french) {
            let long = english.len() > 25 && !english.contains('{') && !french.contains(english);
            assert!(!long || !text.contains(english), "{english} is left in {text}");
        }
    }
    let mut account = account(measurement(900, 1_000), cured());
    account.language = Language::French;
    let text = markdown::text(&account);
    assert!(text.contains("63,33\u{202f}%") && !text.contains("63.33"), "{text}");
}
