//! Findings as tables and as one line of text.

use super::checks::Check;
use super::finding::{Phase, Status, Verdict};
use crate::table::{Align, Table, Tone};

/// The findings as a table, one row per check; expectation and advice are shown below what was seen.
pub fn table(verdict: &Verdict) -> Table {
    let mut table = Table::new("", &[("Check", Align::Left), ("", Align::Left), ("Seen", Align::Left)]);
    for finding in &verdict.checks {
        let (word, tone) = match finding.status {
            Status::Pass => ("pass", Tone::Good),
            Status::Warn => ("WARN", Tone::Doubtful),
            Status::Fail => ("FAIL", Tone::Bad),
            Status::Skip => ("skip", Tone::Doubtful),
        };
        let mut seen = finding.seen.clone();
        if finding.status == Status::Fail {
            seen = format!("{seen}\nexpected: {}", finding.expected);
        }
        if !finding.advice.is_empty() {
            seen = format!("{seen}\n→ {}", finding.advice);
        }
        table.toned_row([(finding.id.to_owned(), Tone::Plain), (word.to_owned(), tone), (seen, Tone::Plain)]);
    }
    table
}

/// The verdict and the number of checks by status, in one line.
pub fn summary_line(verdict: &Verdict) -> String {
    let counts =
        [(Status::Pass, "passed"), (Status::Warn, "to look at"), (Status::Fail, "failed"), (Status::Skip, "skipped")];
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(status, _)| *status == Status::Pass || verdict.count(*status) > 0)
        .map(|(status, word)| format!("{} {word}", verdict.count(status)))
        .collect();
    let (subject, word) = match verdict.phase {
        Phase::Before => ("configuration", "sound"),
        Phase::After => ("deployment", "healthy"),
    };
    let not = if verdict.healthy { "" } else { "NOT " };
    let partly = verdict.phase == Phase::Before && verdict.healthy && verdict.count(Status::Skip) > 0;
    let seen = if partly { " as far as it was seen" } else { "" };
    format!("The {subject} is {not}{word}{seen}: {} checks, {}.", verdict.checks.len(), counts.join(", "))
}

/// The checks of `--list`, each with its phase and expectation.
pub fn catalog_table(checks: &[Check]) -> Table {
    let mut table = Table::new("", &[("When", Align::Left), ("Check", Align::Left), ("Expects", Align::Left)]);
    for check in checks {
        table.row([check.phase().name(), check.id, check.expected]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::*;

    fn finding(id: &'static str, status: Status, seen: &str, advice: &str) -> Finding {
        Finding { id, status, seen: seen.to_owned(), expected: "it to work".to_owned(), advice: advice.to_owned() }
    }

    #[test]
    fn the_table_and_the_summary_show_every_finding() {
        let verdict = Verdict::new(
            Phase::After,
            vec![
                finding("database-reachable", Status::Pass, "MariaDB 10.11.19", ""),
                finding("redis-eviction", Status::Warn, "no limit on memory", "set maxmemory"),
                finding("instances-ready", Status::Fail, "http://127.0.0.1:5002: connection refused", "start it"),
                finding("prometheus-targets", Status::Skip, "no Prometheus is configured", "set PROMETHEUS_URL"),
            ],
        );
        let text = format!("{}\n\n{}", table(&verdict).render(Some(100), false), summary_line(&verdict));
        insta::assert_snapshot!(text, @"
         Check                     Seen
        ─────────────────────────────────────────────────────────────────────
         database-reachable  pass  MariaDB 10.11.19
         redis-eviction      WARN  no limit on memory
                                   → set maxmemory
         instances-ready     FAIL  http://127.0.0.1:5002: connection refused
                                   expected: it to work
                                   → start it
         prometheus-targets  skip  no Prometheus is configured
                                   → set PROMETHEUS_URL

        The deployment is NOT healthy: 4 checks, 1 passed, 1 to look at, 1 failed, 1 skipped.
        ");
    }

    #[test]
    fn nothing_checked_is_not_healthy() {
        assert!(!Verdict::new(Phase::After, vec![finding("a", Status::Skip, "", "")]).healthy);
        assert!(
            Verdict::new(Phase::After, vec![finding("a", Status::Pass, "", ""), finding("b", Status::Skip, "", "")])
                .healthy
        );
        assert!(Verdict::new(Phase::After, vec![finding("a", Status::Warn, "", "")]).healthy);
        assert!(
            !Verdict::new(Phase::After, vec![finding("a", Status::Pass, "", ""), finding("b", Status::Fail, "", "")])
                .healthy
        );
    }
}
