//! The account as a Markdown document, for a report or an issue.

use super::Account;
use crate::table::Table;
use crate::units::printable;

/// Makes the Markdown document.
pub(super) fn text(account: &Account) -> String {
    let mut parts = vec!["# Lab".to_owned(), list(&account.setting())];
    parts.extend(account.ladder_tables().iter().map(Table::to_markdown));
    for (place, subject) in account.rungs.iter().enumerate() {
        if subject.findings.is_empty() {
            continue;
        }
        parts.push(format!("## {}", subject.title()));
        let facts = [("Change", &subject.change), ("Question", &subject.question), ("Setup", &subject.setup)];
        let facts = facts.iter().filter(|(_, text)| !text.is_empty());
        parts.push(list(&facts.map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>()));
        parts.push(subject.findings.join(" "));
        parts.extend(account.subject_tables(place).iter().map(Table::to_markdown));
    }
    printable(&parts.join("\n\n")).into_owned() + "\n"
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}
