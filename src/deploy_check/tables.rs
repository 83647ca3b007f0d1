//! Findings as tables and as one line of text.

use super::checks::Check;
use super::files::Piece;
use super::finding::{Finding, Phase, Severity, Status, Verdict};
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

/// The most lines of findings on a screen.
const SCREEN: usize = 30;

/// The findings of files as a screen: first what was found, then the worst of what is wrong with it. With `all`, every
/// check, and all that it says.
pub fn screen(verdict: &Verdict, pieces: &[Piece], all: bool) -> String {
    let mut parts = vec![found_table(pieces).to_terminal()];
    if all {
        parts.push(table(verdict).to_terminal());
        return parts.join("\n");
    }
    let wrong =
        verdict.checks.iter().filter(|finding| finding.severity.is_some_and(|severity| severity < Severity::Note));
    let mut table = Table::new("", &[("Severity", Align::Left), ("Check", Align::Left), ("Seen", Align::Left)]);
    let (mut lines, mut left) = (0, 0);
    for finding in wrong {
        let seen = briefly(finding);
        if lines > 0 && lines + seen.lines().count() > SCREEN {
            left += 1;
            continue;
        }
        lines += seen.lines().count();
        let severity = finding.severity.unwrap_or(Severity::Warning);
        let tone = if severity == Severity::Error { Tone::Bad } else { Tone::Doubtful };
        table.toned_row([
            (severity.word().to_owned(), tone),
            (finding.id.to_owned(), Tone::Plain),
            (seen, Tone::Plain),
        ]);
    }
    if lines > 0 {
        parts.push(table.to_terminal());
    }
    if left > 0 {
        parts.push(format!("{left} more checks have something to say: --all shows everything."));
    }
    parts.join("\n")
}

/// What a check saw, on a few lines, with what to write.
fn briefly(finding: &Finding) -> String {
    const MOST: usize = 5;
    let mut lines: Vec<String> = Vec::new();
    for spot in finding.places.iter().take(MOST) {
        let place = match (spot.file.as_str(), spot.line) {
            ("", _) => String::new(),
            (file, 0) => format!("{file}: "),
            (file, line) => format!("{file}:{line}: "),
        };
        lines.push(format!("{place}{}", spot.seen));
        if !spot.write.is_empty() && !spot.write.contains('\n') {
            lines.push(format!("  write: {}", spot.write));
        }
    }
    if finding.places.is_empty() {
        lines.extend(finding.seen.lines().take(MOST).map(str::to_owned));
    }
    if finding.places.len() > MOST {
        lines.push(format!("and {} more", finding.places.len() - MOST));
    }
    lines.dedup();
    if !finding.advice.is_empty() {
        lines.push(format!("→ {}", finding.advice));
    }
    lines.join("\n")
}

/// Which files were found, and which were not.
pub fn found_table(pieces: &[Piece]) -> Table {
    let mut table = Table::new("", &[("Read", Align::Left), ("Files", Align::Left)]);
    for piece in pieces {
        let tone = if piece.found { Tone::Plain } else { Tone::Doubtful };
        table.toned_row([(piece.part.to_owned(), Tone::Plain), (piece.files.clone(), tone)]);
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
    use super::*;

    fn finding(id: &'static str, status: Status, seen: &str, advice: &str) -> Finding {
        Finding {
            id,
            status,
            seen: seen.to_owned(),
            severity: None,
            expected: "it to work".to_owned(),
            advice: advice.to_owned(),
            places: Vec::new(),
        }
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
