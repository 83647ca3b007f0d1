//! The account as a Markdown document, for a report or an issue.

use super::Account;
use crate::table::Table;
use crate::text;
use crate::units::printable;

/// Makes the Markdown document.
pub(super) fn text(account: &Account) -> String {
    let language = account.language;
    let mut parts = vec![format!("# {}", language.text(text!("Lab"))), list(&account.setting())];
    parts.extend(account.ladder_tables().iter().map(Table::to_markdown));
    for (place, subject) in account.rungs.iter().enumerate() {
        let findings = account.findings(place);
        if findings.is_empty() {
            continue;
        }
        parts.push(format!("## {}", subject.title(language)));
        let facts = [
            (text!("Change"), subject.change_in(language)),
            (text!("Question"), subject.question_in(language).to_owned()),
            (text!("Setup"), subject.setup_in(language)),
        ];
        let facts = facts.iter().filter(|(_, text)| !text.is_empty());
        let fact =
            |(name, text): &(&'static str, String)| format!("{}{} {text}", language.text(name), language.colon());
        parts.push(list(&facts.map(fact).collect::<Vec<_>>()));
        parts.push(findings.join(" "));
        parts.extend(account.subject_tables(place).iter().map(Table::to_markdown));
    }
    for experiment in account.experiments() {
        parts.push(format!("## {}", experiment.title));
        let question = language.text(text!("Question"));
        parts.push(list(&[format!("{question}{} {}", language.colon(), experiment.question)]));
        parts.push(experiment.findings.join(" "));
        parts.extend(experiment.tables.iter().map(Table::to_markdown));
    }
    if !account.broken_experiments.is_empty() {
        parts.push(list(&language.retold_all(&account.broken_experiments)));
    }
    printable(&parts.join("\n\n")).into_owned() + "\n"
}

/// A list with one line for each of these.
pub(super) fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}
