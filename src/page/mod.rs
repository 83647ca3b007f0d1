//! HTML pages that need no script and load nothing: charts, facts and tables, light or dark as the reader prefers.
//!
//! A page can be opened from a disk, attached to a mail, or shown by a CI server whose policy forbids scripts. Every
//! text is escaped here; only [`Page::markup`] takes text that is already escaped. The module knows nothing of what a
//! page is about.

mod bars;
mod canvas;
mod chart;
mod color;
mod lines;
mod panels;
mod picture;
mod readings;
mod value_axis;

pub use bars::Bars;
pub use chart::Chart;
pub use color::Color;
pub use lines::{Axis, Series};
pub use picture::Letters;
pub use value_axis::Scale;

use crate::units::{Language, escaped};

/// The style of all pages.
pub const STYLE: &str = include_str!("style.css");

/// A page that is written from top to bottom.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    body: String,
    language: Language,
}

/// The verdict on the subject of a page, which decides its color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Everything is as it should be.
    Good,
    /// A reader should look at it more closely.
    Doubtful,
    /// Something is not as it should be.
    Bad,
    /// There is no judgement.
    Open,
}

/// One of the main figures at the top of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    name: String,
    value: String,
    bad: bool,
}

impl Fact {
    /// A figure with its name, shown as not bad.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), bad: false }
    }

    /// Shows the figure as bad if `bad` is true.
    #[must_use]
    pub fn bad_if(self, bad: bool) -> Self {
        Self { bad, ..self }
    }
}

impl Page {
    /// An empty page; the title is also its heading.
    pub fn new(title: &str) -> Self {
        let title = escaped(title);
        let body = format!("<h1>{title}</h1>\n");
        Self { title, body, language: Language::English }
    }

    /// A part of another page, without a heading of its own.
    pub fn fragment() -> Self {
        Self { title: String::new(), body: String::new(), language: Language::English }
    }

    /// The markup so far, without a page around it.
    pub fn into_markup(self) -> String {
        self.body
    }

    /// Says that the page is in this language; numbers on its charts are written accordingly.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Adds the verdict, in one or a few lines.
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

    /// Adds the main figures, beside each other.
    pub fn facts(&mut self, facts: &[Fact]) {
        let fact = |Fact { name, value, bad }: &Fact| {
            let class = if *bad { " class=\"bad\"" } else { "" };
            format!("<div><dt>{}</dt><dd{class}>{}</dd></div>\n", escaped(name), escaped(value))
        };
        let facts: String = facts.iter().map(fact).collect();
        self.markup(&format!("<dl class=\"facts\">\n{facts}</dl>\n"));
    }

    /// Adds charts, as many beside each other as there is room for.
    pub fn charts(&mut self, charts: &[Chart]) {
        let figures: String = charts.iter().map(|chart| chart.clone().in_language(self.language).to_html()).collect();
        self.markup(&format!("<div class=\"charts\">\n{figures}</div>\n"));
    }

    /// Adds the heading of a part.
    pub fn heading(&mut self, text: &str) {
        self.markup(&format!("<h2 class=\"part\">{}</h2>\n", escaped(text)));
    }

    /// Adds a paragraph of plain text.
    pub fn paragraph(&mut self, text: &str) {
        self.markup(&format!("<p>{}</p>\n", escaped(text)));
    }

    /// Adds markup, in which all text must be escaped already, such as that of a table.
    pub fn markup(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Gives the whole page. The footer says how to read it.
    pub fn finish(self, footer: &str) -> String {
        let Self { title, body, language } = self;
        let language = language.code();
        let footer = escaped(footer);
        format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
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
