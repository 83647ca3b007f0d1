//! The answers as a Markdown document.

use super::super::{Account, markdown};
use super::{answers, glossary, original};
use crate::table::{Align, Table};
use crate::text;
use crate::units::printable;

/// Where the pictures of the charts are, as the document links to them.
#[derive(Clone, Debug)]
pub(in super::super) struct ChartLinks {
    /// The folder, as seen from the document.
    pub(in super::super) folder: String,
    /// The extension of the pictures: `png`, or `svg` where no font is installed.
    pub(in super::super) extension: &'static str,
}

/// The paragraph on how a pipeline asks the same questions.
const PIPELINE: &str = text!(
    "A load test answers a pipeline by its exit code: `storemgr loadtest --users 150 --threshold 'fail_ratio<1%' --threshold \
     'p95<500ms' --json run.json` ends with 99 if a threshold is crossed, and `--baseline` with the file of an earlier run tells \
     whether a difference is more than noise. `storemgr deploy-check --before` finds a configuration that opens more connections \
     than the database accepts before it is deployed."
);

/// The paragraph above the comparison with the original report.
const BESIDE: &str = text!(
    "The store from which these questions come ran on another machine, made a new engine for each request and left its \
     connection open for up to 46 s, where rung 1 leaves it open for 30 s. So shares differ, and what they mean does not."
);

/// Makes the document.
pub(in super::super) fn document(account: &Account, links: &ChartLinks) -> String {
    let language = account.language;
    let mut parts = vec![
        format!("# {}", language.text(text!("The nine questions of the lab"))),
        markdown::list(&account.setting()),
        what_ran(account).to_markdown(),
    ];
    for (answer, number) in answers(account).into_iter().zip(1..) {
        parts.push(format!("## {number}. {}", answer.question));
        parts.push(answer.sentences.join(" "));
        for (name, chart) in &answer.charts {
            parts.push(format!("![{}]({}/{name}.{})", chart.title(), links.folder, links.extension));
        }
        parts.extend(answer.tables.iter().map(Table::to_markdown));
    }
    parts.push(format!("## {}", language.text(text!("Beside the original report"))));
    parts.push(language.text(BESIDE).to_owned());
    parts.push(original::beside(account).to_markdown());
    parts.push(format!("## {}", language.text(text!("The pipeline"))));
    parts.push(language.text(PIPELINE).to_owned());
    parts.push(format!("## {}", language.text(text!("Glossary"))));
    parts.push(glossary::words(language).to_markdown());
    printable(&parts.join("\n\n")).into_owned() + "\n"
}

/// The settings with which each rung ran, and the address of another service.
fn what_ran(account: &Account) -> Table {
    let language = account.language;
    let columns =
        language.names([(text!("Rung"), Align::Left), (text!("Change"), Align::Left), (text!("Setup"), Align::Left)]);
    let mut table = Table::new(language.text(text!("What ran")), &columns);
    for (subject, _) in account.measured() {
        table.row([subject.title(language), subject.change_in(language), subject.setup_in(language)]);
    }
    table
}
