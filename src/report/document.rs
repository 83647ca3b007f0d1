//! A report as people read it, in each of its forms: text for a terminal, Markdown for an issue, a page for a browser.

use crate::page::{Chart, Fact, Judgement, Page};
use crate::table::Table;
use crate::units::printable;

/// What is to be read, before it has a form.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is about, in a few words.
    pub(super) title: String,
    /// When, where from: a few lines.
    pub(super) heading: String,
    /// What came out.
    pub(super) judgement: Judgement,
    /// The few figures that everybody asks for.
    pub(super) facts: Vec<Fact>,
    /// What stands in text for the charts.
    pub(super) at_a_glance: Option<Table>,
    /// The charts of the page.
    pub(super) charts: Vec<Chart>,
    /// The tables.
    pub(super) tables: Vec<Table>,
    /// How the figures are to be read, one sentence each.
    pub(super) notes: Vec<String>,
}

impl Document {
    /// For this process's standard output, as wide as the terminal there.
    pub fn to_terminal(&self) -> String {
        self.text(&Table::to_terminal)
    }

    /// For a terminal so many columns wide, with colour if asked.
    pub fn to_text(&self, width: Option<u16>, colour: bool) -> String {
        self.text(&|table| table.render(width, colour))
    }

    fn text(&self, drawn: &dyn Fn(&Table) -> String) -> String {
        let notes: Vec<String> = self.notes.iter().map(|note| format!("* {}", printable(note))).collect();
        let tables = self.at_a_glance.iter().chain(&self.tables).map(drawn);
        let parts = std::iter::once(printable(&self.heading).into_owned()).chain(tables).chain([notes.join("\n")]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// For an issue.
    pub fn to_markdown(&self) -> String {
        let heading = printable(&self.heading).lines().collect::<Vec<_>>().join("  \n");
        let notes: Vec<String> = self.notes.iter().map(|note| format!("- {}", printable(note))).collect();
        let tables = self.at_a_glance.iter().chain(&self.tables).map(Table::to_markdown);
        let parts =
            [format!("### {}", printable(&self.title)), heading].into_iter().chain(tables).chain([notes.join("\n")]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// For a browser, a mail, a CI server.
    pub fn to_html(&self) -> String {
        let mut page = Page::new(&self.title);
        page.verdict(self.judgement, &self.heading);
        page.facts(&self.facts);
        if !self.charts.is_empty() {
            page.charts(&self.charts);
        }
        for table in &self.tables {
            page.markup(&table.to_html());
        }
        page.finish(&self.notes.join(" "))
    }
}
