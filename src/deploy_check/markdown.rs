//! Findings as Markdown, for a comment or the summary of a workflow.

use super::finding::{Finding, Severity, Status, Verdict};
use super::tables::summary_line;
use crate::units::printable;

/// The verdict, a table of what is wrong, and the names of the checks that found nothing.
pub fn markdown(verdict: &Verdict) -> String {
    let mut text = format!("### {}\n", cell(&summary_line(verdict)));
    let wrong: Vec<_> = verdict.checks.iter().filter(|one| matches!(one.status, Status::Fail | Status::Warn)).collect();
    if !wrong.is_empty() {
        text += "\n| severity | check | place | seen | write |\n|---|---|---|---|---|\n";
        for finding in wrong {
            text += &rows(finding);
        }
    }
    for (status, word) in [(Status::Pass, "Passed"), (Status::Skip, "Skipped")] {
        let names: Vec<_> =
            verdict.checks.iter().filter(|one| one.status == status).map(|one| format!("`{}`", one.id)).collect();
        if !names.is_empty() {
            text.extend(["\n", word, ": ", &names.join(", "), "\n"]);
        }
    }
    text
}

fn rows(finding: &Finding) -> String {
    let severity = finding.severity.unwrap_or(Severity::Warning);
    if finding.places.is_empty() {
        return format!(
            "| {} | `{}` | | {} | {} |\n",
            severity.word(),
            finding.id,
            cell(&finding.seen),
            cell(&finding.advice)
        );
    }
    let row = |spot: &super::finding::Spot| {
        let place = match spot.line {
            0 => cell(&spot.file),
            line => format!("{}:{line}", cell(&spot.file)),
        };
        let write = if spot.write.is_empty() { cell(&finding.advice) } else { code(&spot.write) };
        format!("| {} | `{}` | {place} | {} | {write} |\n", spot.severity.word(), finding.id, cell(&spot.seen))
    };
    finding.places.iter().map(row).collect()
}

/// A text of a stranger's file as text: no markup, no line that ends the table.
fn cell(text: &str) -> String {
    let mut result = String::new();
    for character in printable(text).chars() {
        match character {
            '\n' => result.push_str("<br>"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '!' | '@' => result.extend(['\\', character]),
            _ => result.push(character),
        }
    }
    result
}

fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|").replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Phase, Spot};
    use super::*;

    #[test]
    fn what_a_file_says_stays_text() {
        let spot = Spot {
            severity: Severity::Error,
            file: "a|b.yml".to_owned(),
            line: 3,
            seen: "<img> | x\ny".to_owned(),
            write: "x: `y`".to_owned(),
        };
        let finding = Finding {
            id: "compose-valid",
            status: Status::Fail,
            severity: Some(Severity::Error),
            seen: String::new(),
            expected: String::new(),
            advice: String::new(),
            places: vec![spot],
        };
        let text = markdown(&Verdict::new(Phase::Before, vec![finding]));
        assert!(
            text.contains("| error | `compose-valid` | a\\|b.yml:3 | &lt;img&gt; \\| x<br>y | `x: 'y'` |"),
            "{text}"
        );
    }
}
