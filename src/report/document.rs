//! A report in the forms for people: text for a terminal, Markdown for an issue, an HTML page for a browser.

use crate::page::{Chart, Fact, Judgement, Page};
use crate::table::Table;
use crate::units::{Language, printable};

/// The content of a report or a comparison, independent of its form.
#[derive(Clone, Debug)]
pub struct Document {
    /// The language of all of it.
    pub(super) language: Language,
    /// The title, a few words.
    pub(super) title: String,
    /// The window and the source of the figures, in a few lines.
    pub(super) heading: String,
    /// The judgement that colours the page.
    pub(super) judgement: Judgement,
    /// The most important figures, shown at the top of the page.
    pub(super) facts: Vec<Fact>,
    /// The table that replaces the charts in text.
    pub(super) at_a_glance: Option<Table>,
    /// The charts, shown on the page only.
    pub(super) charts: Vec<Chart>,
    /// The tables, in the order in which they are shown.
    pub(super) tables: Vec<Table>,
    /// How to read the figures, one sentence each.
    pub(super) notes: Vec<String>,
}

impl Document {
    /// Text for standard output, fitted to the width of its terminal.
    pub fn to_terminal(&self) -> String {
        self.text(&Table::to_terminal)
    }

    /// Text for a terminal of this width in columns, with or without colours.
    pub fn to_text(&self, width: Option<u16>, colour: bool) -> String {
        self.text(&|table| table.render(width, colour))
    }

    fn text(&self, drawn: &dyn Fn(&Table) -> String) -> String {
        let notes: Vec<String> = self.notes.iter().map(|note| format!("* {}", printable(note))).collect();
        let tables = self.at_a_glance.iter().chain(&self.tables).map(drawn);
        let parts = std::iter::once(printable(&self.heading).into_owned()).chain(tables).chain([notes.join("\n")]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// Markdown, for example for an issue.
    pub fn to_markdown(&self) -> String {
        let heading = printable(&self.heading).lines().collect::<Vec<_>>().join("  \n");
        let notes: Vec<String> = self.notes.iter().map(|note| format!("- {}", printable(note))).collect();
        let tables = self.at_a_glance.iter().chain(&self.tables).map(Table::to_markdown);
        let parts =
            [format!("### {}", printable(&self.title)), heading].into_iter().chain(tables).chain([notes.join("\n")]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// One HTML page that needs no other file.
    pub fn to_html(&self) -> String {
        let mut page = Page::new(&self.title).in_language(self.language);
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
