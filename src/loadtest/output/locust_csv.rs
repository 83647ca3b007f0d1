//! Locust's four CSV files with its names and columns, so that notebooks written for it keep working.
//!
//! They are opened before the run starts, so that a bad path fails at once, and written every second, so that nothing
//! is lost however the run ends. Times are in milliseconds with three decimals, not rounded as Locust's are.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use csv::Writer;

use crate::loadtest::collect::{Progress, SHORTEST_WINDOW_S, Tally};
use crate::loadtest::recording::RouteStats;
use crate::stats::Latencies;
use crate::units;

/// The percentiles of Locust's files.
const PERCENTILES: [(&str, f64); 11] = [
    ("50%", 50.0),
    ("66%", 66.0),
    ("75%", 75.0),
    ("80%", 80.0),
    ("90%", 90.0),
    ("95%", 95.0),
    ("98%", 98.0),
    ("99%", 99.0),
    ("99.9%", 99.9),
    ("99.99%", 99.99),
    ("100%", 100.0),
];

/// The four files of a run. Only the history is kept open; the others are written anew each second.
#[derive(Debug)]
pub struct LocustCsv {
    stats: PathBuf,
    failures: PathBuf,
    history: Writer<File>,
    /// Whether the history has a line yet.
    has_history: bool,
}

impl LocustCsv {
    /// Opens `PREFIX_stats.csv`, `PREFIX_stats_history.csv`, `PREFIX_failures.csv` and `PREFIX_exceptions.csv`.
    pub fn create(prefix: &Path) -> Result<Self, csv::Error> {
        let path = |name: &str| {
            let mut path = prefix.as_os_str().to_owned();
            path.push(name);
            PathBuf::from(path)
        };
        let mut history = Writer::from_path(path("_stats_history.csv"))?;
        let first = ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];
        let last = [
            "Total Request Count",
            "Total Failure Count",
            "Total Median Response Time",
            "Total Average Response Time",
            "Total Min Response Time",
            "Total Max Response Time",
            "Total Average Content Size",
        ];
        history.write_record(first.into_iter().chain(PERCENTILES.map(|(name, _)| name)).chain(last))?;
        history.flush()?;
        // Our load test has no exceptions apart from failures, so programs that read all four files find this one
        // empty.
        let mut exceptions = Writer::from_path(path("_exceptions.csv"))?;
        exceptions.write_record(["Count", "Message", "Traceback", "Nodes"])?;
        exceptions.flush()?;
        let files = Self { stats: path("_stats.csv"), failures: path("_failures.csv"), history, has_history: false };
        files.write_stats(&[], &[], &RouteStats::default(), Duration::ZERO)?;
        files.write_failures(&[])?;
        Ok(files)
    }

    /// Writes the state of a run: totals, failures, and one line of history.
    pub(in crate::loadtest) fn write(&mut self, progress: &Progress<'_>) -> Result<(), csv::Error> {
        let groups = progress.scenario.groups().iter().zip(progress.totals);
        let rows: Vec<_> = groups.map(|(group, stats)| (group.method.as_str(), group.route.as_str(), stats)).collect();
        self.write_stats(&rows, &progress.over, &progress.all, progress.sending)?;
        self.write_failures(&rows)?;
        if self.has_history && progress.window.as_secs_f64() < SHORTEST_WINDOW_S {
            return Ok(());
        }
        self.has_history = true;
        self.write_history(progress, SystemTime::now())
    }

    fn write_stats(
        &self,
        rows: &[(&str, &str, &RouteStats)],
        over: &[Tally],
        all: &RouteStats,
        sending: Duration,
    ) -> Result<(), csv::Error> {
        let mut file = Writer::from_path(&self.stats)?;
        let first = [
            "Type",
            "Name",
            "Request Count",
            "Failure Count",
            "Median Response Time",
            "Average Response Time",
            "Min Response Time",
            "Max Response Time",
            "Average Content Size",
            "Requests/s",
            "Failures/s",
        ];
        file.write_record(first.into_iter().chain(PERCENTILES.map(|(name, _)| name)))?;
        let over = over.iter().copied().chain([Tally::sum(over)]);
        for ((method, name, stats), over) in rows.iter().copied().chain([("", "Aggregated", all)]).zip(over) {
            let times = stats.all();
            let rates = [over.requests, over.failures].map(|count| per_second(count, sending));
            let record =
                [method.to_owned(), name.to_owned(), stats.requests().to_string(), stats.failed.count().to_string()];
            file.write_record(
                record.into_iter().chain(times_and_size(stats, &times)).chain(rates).chain(percentiles(&times)),
            )?;
        }
        Ok(file.flush()?)
    }

    fn write_failures(&self, rows: &[(&str, &str, &RouteStats)]) -> Result<(), csv::Error> {
        let mut file = Writer::from_path(&self.failures)?;
        file.write_record(["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"])?;
        for (method, name, stats) in rows {
            for (_, message, group) in stats.failures.groups() {
                let seen = [group.first_seen, group.last_seen].map(units::timestamp);
                let count = group.count.to_string();
                file.write_record([*method, *name, message, &count, &seen[0], &seen[1]])?;
            }
        }
        Ok(file.flush()?)
    }

    fn write_history(&mut self, progress: &Progress<'_>, now: SystemTime) -> Result<(), csv::Error> {
        let (all, recent) = (&progress.all, &progress.recent);
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let times = all.all();
        let record = [
            seconds.to_string(),
            progress.users.to_string(),
            String::new(),
            "Aggregated".to_owned(),
            per_second(recent.requests(), progress.window),
            per_second(recent.failed.count(), progress.window),
        ];
        let counts = [all.requests().to_string(), all.failed.count().to_string()];
        // Without --csv-full-history, Locust's percentiles count from the start of the run, and so do these.
        self.history.write_record(
            record.into_iter().chain(percentiles(&times)).chain(counts).chain(times_and_size(all, &times)),
        )?;
        Ok(self.history.flush()?)
    }
}

fn per_second(count: u64, time: Duration) -> String {
    format!("{:.3}", units::per_second(count, time))
}

/// Median, average, shortest and longest time in milliseconds, and the average size of a body in bytes.
fn times_and_size(stats: &RouteStats, times: &Latencies) -> [String; 5] {
    let size = stats.body_bytes as f64 / stats.requests().max(1) as f64;
    let [median, mean, least, most] = [times.percentile(50.0), times.mean(), times.smallest(), times.largest()]
        // Locust writes a zero for the time of nothing, and N/A for its percentiles.
        .map(|time| format!("{:.3}", units::milliseconds(time.unwrap_or_default())));
    [median, mean, least, most, format!("{size:.1}")]
}

fn percentiles(times: &Latencies) -> [String; 11] {
    PERCENTILES.map(|(_, percent)| match times.percentile(percent) {
        None => "N/A".to_owned(),
        Some(time) => format!("{:.3}", units::milliseconds(time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::Sample;
    use crate::loadtest::scenario::Scenario;

    #[test]
    fn a_short_last_window_is_not_a_line_of_the_history() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = LocustCsv::create(&folder.path().join("run")).unwrap();
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let mut totals = vec![RouteStats::default(); 3];
        for (window_ms, users) in [(1_000, 7), (20, 0)] {
            totals[0].record(Sample::of(2, 10, None));
            let mut progress = Progress::new(&scenario, &totals, &totals);
            (progress.window, progress.users) = (Duration::from_millis(window_ms), users);
            files.write(&progress).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let users: Vec<_> = read("run_stats_history.csv")
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(1).map(str::to_owned))
            .collect();
        assert_eq!(users, ["7"]);
        assert!(read("run_stats.csv").contains("Aggregated,2,"), "the totals have everything");
    }

    #[test]
    fn rates_cover_the_time_in_which_requests_were_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = LocustCsv::create(&folder.path().join("run")).unwrap();
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let mut totals = vec![RouteStats::default(); 3];
        for number in 0..30 {
            totals[0].record(Sample::of(2, 10, (number % 3 == 0).then_some("500")));
        }
        let mut progress = Progress::new(&scenario, &totals, &totals);
        (progress.window, progress.sending, progress.users) = (Duration::from_millis(500), Duration::from_secs(3), 7);
        files.write(&progress).unwrap();
        let last_line = |name: &str| {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            text.lines().last().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(last_line("run_stats_history.csv")[1..6], ["7", "", "Aggregated", "60.000", "20.000"]);
        assert_eq!(last_line("run_stats.csv")[9..11], ["10.000", "3.333"]);
        // Half of them were answered after the last request was sent.
        progress.over = vec![Tally { requests: 15, failures: 3 }, Tally::default(), Tally::default()];
        files.write(&progress).unwrap();
        let line = last_line("run_stats.csv");
        assert_eq!((line[2].as_str(), &line[9..11]), ("30", &["5.000".to_owned(), "1.000".to_owned()][..]));
        assert_eq!(last_line("run_failures.csv")[..4], ["POST", "/orders", "500", "10"]);
    }
}
