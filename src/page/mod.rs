//! One HTML page that needs no script and loads nothing: charts, facts and tables, light or dark as the reader likes it.
//!
//! It can be opened from a disk, attached to a mail, or shown by a CI server whose policy forbids scripts. Every text is
//! escaped here; only [`Page::markup`] takes what has been escaped already. What a page is about, it does not know.

mod bars;
mod canvas;
mod chart;
mod color;
mod lines;
mod value_axis;

pub use bars::Bars;
pub use chart::Chart;
pub use color::Color;
pub use lines::{Axis, Series};
pub use value_axis::Scale;

use crate::units::escaped;

const STYLE: &str = include_str!("style.css");

/// A page while it is written, from its top to its bottom.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    body: String,
}

/// How what a page is about has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is as it should be.
    Good,
    /// A reader should look closer.
    Doubtful,
    /// It is not as it should be.
    Bad,
    /// Nobody judges.
    Open,
}

/// One of the few figures that everybody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    name: String,
    value: String,
    bad: bool,
}

impl Fact {
    /// A figure with its name.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), bad: false }
    }

    /// The same, shown as bad if it is.
    #[must_use]
    pub fn bad_if(self, bad: bool) -> Self {
        Self { bad, ..self }
    }
}

impl Page {
    /// An empty page with its title as the heading.
    pub fn new(title: &str) -> Self {
        let title = escaped(title);
        let body = format!("<h1>{title}</h1>\n");
        Self { title, body }
    }

    /// What came out, in a sentence or a few lines.
    pub fn verdict(&mut self, judgement: Judgement, text: &str) {
        let class = match judgement {
            Judgement::Good => " good",
            Judgement::Doubtful => " doubtful",
            Judgement::Bad => " bad",
            Judgement::Open => "",
        };
        let lines: Vec<_> = text.lines().map(escaped).collect();
        self.markup(&format!("<p class=\"verdict{class}\">{}</p>\n", lines.join("<br>\n")));
    }

    /// The few figures that everybody asks for, beside each other.
    pub fn facts(&mut self, facts: &[Fact]) {
        let fact = |Fact { name, value, bad }: &Fact| {
            let class = if *bad { " class=\"bad\"" } else { "" };
            format!("<div><dt>{}</dt><dd{class}>{}</dd></div>\n", escaped(name), escaped(value))
        };
        let facts: String = facts.iter().map(fact).collect();
        self.markup(&format!("<dl class=\"facts\">\n{facts}</dl>\n"));
    }

    /// Charts, as many beside each other as there is room for.
    pub fn charts(&mut self, charts: &[Chart]) {
        let figures: String = charts.iter().map(Chart::figure).collect();
        self.markup(&format!("<div class=\"charts\">\n{figures}</div>\n"));
    }

    /// The heading of a part of the page.
    pub fn heading(&mut self, text: &str) {
        self.markup(&format!("<h2 class=\"part\">{}</h2>\n", escaped(text)));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.markup(&format!("<p>{}</p>\n", escaped(text)));
    }

    /// Markup in which what came from outside is escaped already, such as a table's.
    pub fn markup(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// The whole page; at its bottom stands how it is to be read.
    pub fn finish(self, footer: &str) -> String {
        let Self { title, body } = self;
        let footer = escaped(footer);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\
             <footer>{footer}</footer>\n</main>\n</body>\n</html>\n"
        )
    }
}

#[cfg(test)]
mod tests;
