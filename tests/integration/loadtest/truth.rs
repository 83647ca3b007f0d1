//! What the load tester says, beside what a server of known response times did.

use std::path::Path;

use serde_json::Value;

use super::calibrated::{Calibrated, Delay, percentile};
use crate::harness::{Authority, Ran, WebServer, run_command};

/// What is said may differ by this much from what was done.
const TOLERANCE: f64 = 0.02;

const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("p99_9", 99.9)];

/// A scenario of one request without a pause.
fn scenario(folder: &Path, path: &str) -> String {
    let file = folder.join("scenario.toml");
    let task = format!(
        "name = \"truth\"\nthink_time = \"0s\"\n[[task]]\nname = \"get\"\nmethod = \"GET\"\npath = \"{path}\"\n"
    );
    std::fs::write(&file, task).unwrap();
    file.to_str().unwrap().to_owned()
}

async fn run(server: &Calibrated, path: &str, arguments: &[&str]) -> (Ran, Value) {
    let folder = tempfile::tempdir().unwrap();
    let (host, scenario) = (server.target.to_string(), scenario(folder.path(), path));
    let base = ["loadtest", "--quiet", "--host", &host, "--scenario", &scenario, "--json", "-"];
    let ran = run_command(&[&base[..], arguments].concat(), &[]).await;
    let summary = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, summary)
}

fn said(summary: &Value, times: &str, name: &str) -> f64 {
    summary["aggregated"][times][name].as_f64().unwrap()
}

/// One measurement at a time: two of them would disturb each other.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The most attempts at a measurement while something else keeps the machine busy.
const ATTEMPTS: usize = 4;

/// The same where a machine that is never quiet is a failure.
const STRICT_ATTEMPTS: usize = 10;

/// Wake-ups on the way of an answer, each of which a busy machine can make late: the server's when the request comes, the
/// server's when its time is over, the generator's when the answer comes, and its timer's.
const WAKE_UPS: f64 = 4.0;

/// The share of the machine's processor time that must be left over for nobody to be kept waiting.
const LEAST_IDLE: f64 = 0.3;

/// Whether a machine that is never quiet is a failure.
fn strict() -> bool {
    std::env::var_os("STRICT_TRUTH").is_some()
}

/// One measurement.
struct Measured {
    server: Calibrated,
    ran: Ran,
    summary: Value,
}

impl Measured {
    /// Whether nothing needs to be allowed: the kernel says that there was time to spare, and the server, which times one
    /// of the wake-ups itself, was so much on time that it used less than half of the tolerance. The generator has no say.
    fn was_quiet(&self) -> bool {
        let (told, late) = (self.server.told(), self.server.late());
        let on_time = |percent| 2.0 * percentile(&late, percent) <= TOLERANCE * percentile(&told, percent);
        // Of few answers the last thousandth is a single one, and nobody asks for it.
        let asked = &PERCENTILES[..if late.len() < 1_000 { 3 } else { 4 }];
        let idle = self.summary["generator"]["host_idle_ratio"].as_f64().unwrap();
        idle >= LEAST_IDLE && asked.iter().all(|(_, percent)| on_time(*percent))
    }

    /// Why it was not quiet.
    fn noise(&self) -> String {
        let late = self.server.late();
        let late = PERCENTILES.map(|(name, percent)| format!("{name} {:.3} ms", percentile(&late, percent))).join(", ");
        format!("{} of it idle, the server late by {late}", self.summary["generator"]["host_idle_ratio"])
    }

    /// What a busy machine may have added to the times up to a percentile, in milliseconds: each wake-up was as late as
    /// the latest of those that were timed. On a quiet machine nothing.
    fn disturbance(&self, percent: f64) -> f64 {
        if self.was_quiet() {
            return 0.0;
        }
        let generator = self.summary["generator"]["timer_late_p99_ms"].as_f64().unwrap();
        // A sum of so many waits is beyond the sum of their percentiles as often as any of them is beyond its own.
        let rarer = 100.0 - (100.0 - percent) / WAKE_UPS;
        WAKE_UPS * percentile(&self.server.late(), rarer).max(generator)
    }

    /// The most that may be said where this was told.
    fn most(&self, told: f64, percent: f64) -> f64 {
        told + (TOLERANCE * told).max(self.disturbance(percent))
    }
}

/// A run while the machine has time to spare; after some attempts, the last one as it was.
async fn measure(delay: Delay, path: &str, arguments: &[&str]) -> Measured {
    let _alone = ALONE.lock().await;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let server = Calibrated::start(delay);
        let (ran, summary) = run(&server, path, arguments).await;
        let measured = Measured { server, ran, summary };
        if measured.was_quiet() {
            return measured;
        }
        if attempts == if strict() { STRICT_ATTEMPTS } else { ATTEMPTS } {
            assert!(!strict(), "{delay:?}: the machine was never quiet: {}", measured.noise());
            return measured;
        }
    }
}

/// A generator that was late or stood still says so, and everything else must be good.
#[track_caller]
fn assert_good(ran: &Ran, summary: &Value) {
    let late = summary["generator"]["timer_late_p99_ms"].as_f64().unwrap();
    let stood_still = summary["standstills"]["count"].as_u64() > Some(0);
    assert!(ran.code == 0 || (ran.code == 98 && (late > 100.0 || stood_still)), "{ran:?}");
}

/// Holds what was said against what the server was told to do, or against what users would have felt of that.
#[track_caller]
fn assert_close(case: &str, measured: &Measured, told: &[f64]) {
    for (name, percent) in PERCENTILES {
        let (said, told) = (said(&measured.summary, "latency_ms", name), percentile(told, percent));
        let word = if measured.was_quiet() { "quiet" } else { "busy" };
        eprintln!("| {case} | {name} | {told:.1} | {said:.1} | {:+.2} % | {word} |", 100.0 * (said / told - 1.0));
        // Of two thousand answers the last hundredth is a handful. That a wake-up of the generator was late, which the server
        // does not see, shows there before the machine counts as busy.
        let few = (100.0 - percent) / 100.0 * (measured.server.told().len() as f64) < 20.0;
        let slack = if few && !strict() { TOLERANCE * told } else { 0.0 };
        // Nothing makes an answer come early.
        let (least, most) = ((1.0 - TOLERANCE) * told, measured.most(told, percent) + slack);
        assert!(
            (least..=most).contains(&said),
            "{case}, {name}: said {said}, told {told} ms, at most {most} ms ({word})"
        );
    }
    assert!(said(&measured.summary, "latency_ms", "p99_9") <= said(&measured.summary, "latency_ms", "max"));
}

#[tokio::test(flavor = "multi_thread")]
async fn percentiles_are_those_of_the_server_whatever_their_distribution() {
    for delay in [Delay::Fixed(250.0), Delay::Bimodal(250.0, 1_000.0), Delay::LogNormal(250.0, 0.4)] {
        let measured = measure(delay, "/", &["-u", "120", "-r", "300", "-t", "4s"]).await;
        assert_good(&measured.ran, &measured.summary);
        let told = measured.server.told();
        assert!(told.len() > 1_000, "{delay:?}: {} requests", told.len());
        assert_eq!(measured.summary["requests"].as_u64(), Some(told.len() as u64), "{delay:?}");
        assert_close(&format!("{delay:?}"), &measured, &told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_is_told_as_users_would_have_felt_it() {
    let measured = measure(Delay::Stall(100.0), "/", &["--rate", "100", "-t", "6s"]).await;
    assert_good(&measured.ran, &measured.summary);
    // One is due every ten milliseconds; whoever would have been answered during the stall waits for its end.
    let mut felt: Vec<f64> = (0..600)
        .map(|number| f64::from(number) * 10.0)
        .map(|due| if (1_000.0..3_000.0).contains(&(due + 100.0)) { 3_000.0 - due } else { 100.0 })
        .collect();
    felt.sort_by(f64::total_cmp);
    assert_eq!((measured.summary["requests"].as_u64(), measured.server.asked()), (Some(600), 600));
    assert_close("Stall(100.0) at a rate", &measured, &felt);
    // The same stall, told by two users who wait for it: only their two requests are slow, and p90 knows nothing of it.
    let measured = measure(Delay::Stall(100.0), "/", &["-u", "2", "-t", "6s"]).await;
    let p90 = said(&measured.summary, "latency_ms", "p90");
    assert!(p90 < measured.most(100.0, 90.0), "{p90}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_generator_is_told_as_users_would_have_felt_it() {
    // One connection answers 25 a second of 50: whoever is due at k · 20 ms is answered at (k + 1) · 40 ms.
    let measured = measure(Delay::Fixed(40.0), "/", &["--rate", "50", "-u", "1", "-t", "2s"]).await;
    let summary = &measured.summary;
    assert_eq!(summary["requests"].as_u64(), Some(100), "{:?}", measured.ran);
    let felt: Vec<f64> = (0..100).map(|number| f64::from(number) * 20.0 + 40.0).collect();
    for (name, percent) in &PERCENTILES[..3] {
        let (said, felt) = (said(summary, "latency_ms", name), percentile(&felt, *percent));
        // One after the other: whatever makes an answer late makes all after it late. So it is the instant of the answer,
        // the last of so many times of 40 ms, that may be off by the tolerance.
        let answered_at = 40.0 * ((felt - 40.0) / 20.0 + 1.0);
        let most = if measured.was_quiet() { felt + TOLERANCE * answered_at } else { f64::INFINITY };
        assert!(((1.0 - TOLERANCE) * felt..=most).contains(&said), "{name}: said {said}, felt {felt} ms");
    }
    let service = said(summary, "succeeded_service_ms", "p50");
    assert!((39.96..=measured.most(40.0, 50.0)).contains(&service), "service time {service}");
    assert_eq!(summary["generator"]["arrivals_missed"].as_u64(), Some(0), "late is not missed");
    let histogram = &summary["aggregated"]["histograms"]["succeeded_service"];
    assert_eq!(histogram["count"].as_u64(), Some(100), "the service times are kept as well: {histogram}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_and_never_sent_has_failed_when_the_generator_had_time_to_spare() {
    let _alone = ALONE.lock().await;
    let server = Calibrated::start(Delay::Fixed(400.0));
    let arguments = ["--rate", "50", "-u", "2", "-t", "2s", "--stop-timeout", "100ms"];
    let (ran, summary) = run(&server, "/", &arguments).await;
    if summary["verdict"] == "valid" {
        assert_eq!(ran.code, 1, "{ran:?}");
    } else {
        assert_good(&ran, &summary);
    }
    let [requests, waited, missed] =
        [&summary["requests"], &summary["in_flight_at_end"], &summary["generator"]["arrivals_missed"]]
            .map(|count| count.as_u64().unwrap());
    assert_eq!(requests + waited + missed, 100, "everything that was due is accounted for");
    let (ran, summary) = run(&server, "/", &[&arguments[..], &["--threshold", "fail_ratio<80%"]].concat()).await;
    assert!(ran.code == 99 || summary["verdict"] != "valid", "{ran:?}");
    assert!(summary["thresholds"][0]["value"].as_f64().unwrap() > 0.8, "{summary}");
    // For people it is told once, and as what it is.
    let folder = tempfile::tempdir().unwrap();
    let (host, scenario) = (server.target.to_string(), scenario(folder.path(), "/"));
    let base = ["loadtest", "-q", "--host", &host, "--scenario", &scenario];
    let ran = run_command(&[&base[..], &arguments].concat(), &[]).await;
    assert_eq!(ran.stdout.matches("never sent").count(), 1, "{ran:?}");
    assert!(ran.code == 98 || ran.stdout.contains("The service kept all 2 connections busy:"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_beyond_what_the_service_can_do_is_not_reported_as_done() {
    // One at a time, 50 ms each: 20 a second, of 40 that are due. All are answered in the end, half of them too late.
    let _alone = ALONE.lock().await;
    let server = super::narrow::Narrow::start(1, 50).await;
    let folder = tempfile::tempdir().unwrap();
    let (host, scenario) = (server.target.to_string(), scenario(folder.path(), "/"));
    let csv = folder.path().join("run").to_str().unwrap().to_owned();
    let base = ["loadtest", "-q", "--host", &host, "--scenario", &scenario, "--json", "-", "--csv", &csv];
    let arguments = ["--rate", "40", "-t", "2s", "--threshold", "rps>30"];
    let ran = run_command(&[&base[..], &arguments].concat(), &[]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, summary["requests"].as_u64(), summary["failures"].as_u64()), (99, Some(80), Some(0)));
    let rate = |value: &Value| value["requests_per_s"].as_f64().unwrap();
    assert!(rate(&summary) <= 21.0, "{} a second", rate(&summary));
    assert_eq!((rate(&summary["aggregated"]), rate(&summary["routes"][0])), (rate(&summary), rate(&summary)));
    assert!(said(&summary, "latency_ms", "max") > 1_900.0, "the last one waited for all before it");
    let stats = std::fs::read_to_string(format!("{csv}_stats.csv")).unwrap();
    let line: Vec<_> = stats.lines().last().unwrap().split(',').collect();
    let written: f64 = line[9].parse().unwrap();
    assert!(line[2] == "80" && (written - rate(&summary)).abs() < 0.01, "{stats}");
    // Nor is the generator's cost spread over the wait for the last answers.
    let cost = |name: &str| summary["generator"][name].as_f64().unwrap();
    let metered = cost("cpu_s") / cost("cpu_cores");
    assert!((metered - summary["duration_s"].as_f64().unwrap()).abs() < 0.5, "{metered} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn poisson_arrivals_and_stages_come_at_their_rate() {
    let server = Calibrated::start(Delay::Fixed(1.0));
    let (_, summary) = run(&server, "/", &["--rate", "400", "--arrivals", "poisson", "-t", "4s"]).await;
    let requests = summary["requests"].as_u64().unwrap();
    // Four standard deviations of 1,600 arrivals are 160.
    assert!((1_440..1_760).contains(&requests) && requests == server.asked(), "{requests}");
    let server = Calibrated::start(Delay::Fixed(1.0));
    let (_, summary) =
        run(&server, "/", &["--rate", "0", "--stage", "2s:200", "--stage", "1s:200", "--stage", "1s:0"]).await;
    // The area under the line: 200 + 200 + 100, of which the first is due at once.
    let requests = summary["requests"].as_u64().unwrap();
    assert!((499..=501).contains(&requests) && requests == server.asked(), "{requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_follow_their_stages_up_and_down() {
    let stages = ["-u", "4", "--stage", "1s:20", "--stage", "1s:20", "--stage", "1s:2", "--stage", "1s:2"];
    let measured = measure(Delay::Fixed(50.0), "/", &stages).await;
    assert_good(&measured.ran, &measured.summary);
    assert_eq!(measured.summary["users_started"].as_u64(), Some(20), "{:?}", measured.ran);
    // In the mean 12, 20, 11 and 2 users, one second each: 45,000 ms, of which a request takes 50 and what made it late.
    let requests = measured.summary["requests"].as_f64().unwrap();
    let least = if measured.was_quiet() { 820.0 } else { 300.0 };
    assert!((least..990.0).contains(&requests), "{requests}");
    assert_eq!(measured.summary["requests"].as_u64(), Some(measured.server.asked()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_up_is_told_apart_and_counts_nowhere_else() {
    let server = Calibrated::start(Delay::Fixed(20.0));
    let (ran, summary) =
        run(&server, "/", &["--rate", "100", "--warm-up", "1s", "-t", "2s", "--threshold", "rps>90"]).await;
    assert_good(&ran, &summary);
    let (counted, warm) = (summary["requests"].as_u64().unwrap(), summary["warm_up"]["requests"].as_u64().unwrap());
    assert_eq!((counted, warm, server.asked()), (200, 100, 300));
    let seconds = summary["duration_s"].as_f64().unwrap();
    assert!((1.9..2.5).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_in_the_warm_up_is_counted_nowhere() {
    // Nothing is ever answered; one is in flight from the first second on, and keeps the only connection busy.
    let server = Calibrated::start(Delay::Fixed(60_000.0));
    let arguments = ["--rate", "20", "-u", "1", "--warm-up", "1s", "-t", "1s", "--stop-timeout", "100ms"];
    let (_, summary) = run(&server, "/", &arguments).await;
    assert_eq!(summary["in_flight_at_end"].as_u64(), Some(0), "it was due in the warm-up: {summary}");
    assert_eq!(summary["generator"]["arrivals_missed"].as_u64(), Some(20), "of forty: {summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_decide_the_exit_code_and_are_told() {
    let server = Calibrated::start(Delay::Fixed(20.0));
    let arguments = ["-u", "2", "-t", "1s", "--threshold", "p95<1s", "--threshold", "GET /:p50<5ms"];
    let (ran, summary) = run(&server, "/", &arguments).await;
    assert_eq!(ran.code, 99, "{ran:?}");
    let held: Vec<_> =
        summary["thresholds"].as_array().unwrap().iter().map(|outcome| outcome["held"].as_bool()).collect();
    assert_eq!(held, [Some(true), Some(false)]);
    let folder = tempfile::tempdir().unwrap();
    let (host, scenario) = (server.target.to_string(), scenario(folder.path(), "/"));
    let base = ["loadtest", "-q", "-H", &host, "--scenario", &scenario, "-t", "1s", "--threshold"];
    let asked = server.asked();
    for (threshold, sentence) in
        [("p95<200", "200ms"), ("POST /:p95<1s", "the routes are GET /"), ("speed<1", "fail_ratio")]
    {
        let ran = run_command(&[&base[..], &[threshold]].concat(), &[]).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{threshold}: {ran:?}");
    }
    assert_eq!(server.asked(), asked, "a bad threshold sent requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_paths_as_requests_are_one_route_and_cost_no_memory() {
    let server = Calibrated::start(Delay::Fixed(0.0));
    let (ran, summary) = run(&server, "/items/{{random(1, 100000)}}", &["-u", "4", "-t", "4s"]).await;
    assert_eq!(ran.code % 98, 0, "{ran:?}");
    assert!(server.paths() > 1_000, "{} paths", server.paths());
    assert_eq!(summary["requests"].as_u64(), Some(server.asked()));
    assert_eq!(summary["routes"].as_array().unwrap().len(), 1);
    let memory = summary["generator"]["peak_memory_bytes"].as_u64().unwrap();
    assert!(memory < 64 << 20, "{memory} bytes");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute or more, and the optimised program: `just truth` runs it"]
async fn more_than_a_million_requests_of_a_path_each_are_counted() {
    const WANTED: u64 = 1_100_000;
    let path = "/items/{{sequence}}";
    let (_, trial) = run(&Calibrated::start(Delay::Fixed(0.0)), path, &["-u", "16", "-t", "3s"]).await;
    let seconds = (WANTED as f64 / trial["requests_per_s"].as_f64().unwrap()).ceil() as u64;
    assert!(seconds < 600, "this would take {seconds} s");
    let server = Calibrated::start(Delay::Fixed(0.0));
    let (ran, summary) = run(&server, path, &["-u", "16", "-t", &seconds.to_string()]).await;
    assert_eq!(ran.code % 98, 0, "{ran:?}");
    let requests = summary["requests"].as_u64().unwrap();
    assert!(requests > 1_000_000, "{requests} in {seconds} s");
    assert_eq!((requests, requests, 0), (server.asked(), server.paths() as u64, summary["failures"].as_u64().unwrap()));
    assert_eq!(summary["aggregated"]["histograms"]["succeeded"]["count"].as_u64(), Some(requests));
    let memory = summary["generator"]["peak_memory_bytes"].as_u64().unwrap();
    eprintln!("{requests} requests, each of a path of its own, in {seconds} s: {} MiB", memory >> 20);
    assert!(memory < 64 << 20, "{memory} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_users_who_think_are_cheap_and_on_time() {
    let server = Calibrated::start(Delay::Fixed(1.0));
    let thinking = ["-t", "3s", "-r", "1000", "--think-time", "1s..2s"];
    let (_, one) = run(&server, "/", &[&thinking[..], &["-u", "1"]].concat()).await;
    let (_, many) = run(&server, "/", &[&thinking[..], &["-u", "2000"]].concat()).await;
    assert_eq!((many["users_started"].as_u64(), many["failures"].as_u64()), (Some(2_000), Some(0)), "{many}");
    let memory = |summary: &Value| summary["generator"]["peak_memory_bytes"].as_f64().unwrap();
    let each = (memory(&many) - memory(&one)) / 2_000.0 / 1_024.0;
    assert!(each < 64.0, "{each} KiB for each user");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_service_is_found() {
    // Ten at a time, 50 ms each: 200 a second; beyond ten users everybody waits longer.
    let _alone = ALONE.lock().await;
    let server = super::narrow::Narrow::start(10, 50).await;
    let folder = tempfile::tempdir().unwrap();
    let (host, scenario) = (server.target.to_string(), scenario(folder.path(), "/"));
    let arguments = ["loadtest", "-H", &host, "--scenario", &scenario, "--find-limit", "-u", "4", "--limit-step", "1s"];
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (csv, html) = (path("limit"), path("limit.html"));
    let files = ["--threshold", "p95<160ms", "--json", "-", "--csv", &csv, "--html", &html];
    let arguments = [&arguments[..], &files].concat();
    let mut ran = run_command(&arguments, &[]).await;
    for _ in 1..ATTEMPTS {
        if ran.code == 0 {
            break;
        }
        // Something else had the machine.
        ran = run_command(&arguments, &[]).await;
    }
    assert_eq!(ran.code, 0, "{ran:?}");
    let limit: Value = serde_json::from_str(&ran.stdout).unwrap();
    // Thirty users wait 150 ms each, forty 200 ms.
    let (good, bad) = (limit["last_good"].as_u64().unwrap(), limit["first_bad"].as_u64().unwrap());
    assert!((16..=32).contains(&good) && good < bad && bad <= 36, "{limit}");
    assert_eq!((limit["gave_way"].as_str(), limit["unit"].as_str()), (Some("service"), Some("users")));
    assert!(limit["broken"][0].as_str().unwrap().starts_with("p95<160ms: "), "{limit}");
    // Below ten users there is no queue, beyond it nothing but a queue.
    let knee = limit["knee"].as_u64().unwrap();
    assert!((8..=16).contains(&knee), "{limit}");
    let steps = limit["steps"].as_array().unwrap().len();
    assert!(steps >= 6 && ran.stderr.lines().count() == steps + 3, "a line for each step: {}", ran.stderr);
    let lines = std::fs::read_to_string(path("limit_steps.csv")).unwrap();
    assert!(lines.starts_with("Load,Purpose,Result,Request Count,") && lines.lines().count() == steps + 1, "{lines}");
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.contains(&format!("good with {good} users, bad from {bad} users")), "{page}");
}

/// The same service, asked by journeys of two steps: what is judged is the whole journey.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_is_found_for_journeys() {
    let _alone = ALONE.lock().await;
    let server = super::narrow::Narrow::start(10, 50).await;
    let folder = tempfile::tempdir().unwrap();
    let (host, file) = (server.target.to_string(), folder.path().join("two.toml"));
    let step = "[[journey.step]]\npath = '/'\n";
    std::fs::write(&file, format!("name = 'two'\nthink_time = '0s'\n[[journey]]\nname = 'two'\n{step}{step}")).unwrap();
    let arguments = ["loadtest", "-H", &host, "--scenario", file.to_str().unwrap(), "--find-limit", "-u", "4"];
    let more = ["--limit-step", "1s", "--threshold", "two:p95<320ms", "--json", "-"];
    let arguments = [&arguments[..], &more].concat();
    let mut ran = run_command(&arguments, &[]).await;
    for _ in 1..ATTEMPTS {
        if ran.code == 0 {
            break;
        }
        ran = run_command(&arguments, &[]).await;
    }
    assert_eq!(ran.code, 0, "{ran:?}");
    let limit: Value = serde_json::from_str(&ran.stdout).unwrap();
    // Two steps of 150 ms each with thirty users, of 200 ms each with forty.
    let (good, bad) = (limit["last_good"].as_u64().unwrap(), limit["first_bad"].as_u64().unwrap());
    assert!((16..=32).contains(&good) && good < bad && bad <= 36, "{limit}");
    assert!(limit["broken"][0].as_str().unwrap().starts_with("two:p95<320ms: "), "{limit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_over_tls_and_http2_are_those_of_the_server_and_the_first_request_pays_for_the_handshake() {
    let authority = Authority::new();
    let identity = authority.issue("server", "DNS:localhost");
    let ca = authority.certificate();
    for more in [&[][..], &["--http2"], &["--http2", "--streams", "8"]] {
        let _alone = ALONE.lock().await;
        let server = Calibrated::start(Delay::Fixed(400.0));
        // nginx passes each request on over a connection that it keeps, which takes far less than the tolerance.
        let directives = format!(
            "ssl_certificate {}; ssl_certificate_key {}; location / {{ proxy_http_version 1.1; \
             proxy_set_header connection ''; proxy_pass {}; }}",
            identity.certificate, identity.key, server.target
        );
        let (front, _) = WebServer::nginx_serving("ssl http2", &directives);
        let url = format!("https://localhost:{}/", front.target.port());
        let base = ["loadtest", &url, "--quiet", "--json", "-", "--ca", &ca, "-u", "20", "--iterations", "200"];
        let ran = run_command(&[&base[..], more].concat(), &[]).await;
        let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let measured = Measured { server, ran, summary };
        assert_good(&measured.ran, &measured.summary);
        let told = measured.server.told();
        assert_eq!((measured.summary["requests"].as_u64(), told.len()), (Some(200), 200), "{more:?}");
        for (name, percent) in &PERCENTILES[..1] {
            let (said, told) = (said(&measured.summary, "latency_ms", name), percentile(&told, *percent));
            let most = measured.most(told, *percent);
            eprintln!("| TLS {more:?} | {name} | {told:.1} | {said:.1} | {:+.2} % |", 100.0 * (said / told - 1.0));
            assert!(((1.0 - TOLERANCE) * told..=most).contains(&said), "{more:?}, {name}: said {said}, told {told} ms");
        }
        // What requests took is the sum of their phases, and nothing is left over.
        let phases = &measured.summary["transport"]["phases"];
        let sum_of = |phase: &str| {
            let times = &phases[phase];
            times["latency_ms"]["mean"].as_f64().map_or(0.0, |mean| mean * times["count"].as_f64().unwrap())
        };
        let parts: f64 = ["connect", "tls", "first_byte", "last_byte"].map(sum_of).iter().sum();
        let whole = 200.0 * said(&measured.summary, "latency_ms", "mean");
        assert!(sum_of("tls") > 0.0 && parts <= whole * 1.001, "{more:?}: {parts} of {whole} ms");
        // Users who share a connection wait for the one who opens it.
        if !more.contains(&"--streams") {
            assert!(parts >= 0.97 * whole, "{more:?}: {parts} of {whole} ms");
        }
    }
}
