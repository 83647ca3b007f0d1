//! Tables for people, with the same look in every command.
//!
//! A table is data first ([`Table`] holds the cells as text), so that a caller can test its content; drawing is the
//! last step. Cells may hold text from a service, so they are made printable when they are added. Colour is used only
//! on a terminal, and never with `NO_COLOR` (<https://no-color.org>).

mod markdown;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, TableStyle};
use std::borrow::Cow;
use std::io::IsTerminal;

use crate::units::{Language, escaped, printable};

/// The meaning of a cell, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// No meaning: the default colour.
    #[default]
    Plain,
    /// Good: green.
    Good,
    /// Doubtful, to be looked at: yellow.
    Doubtful,
    /// Bad: red.
    Bad,
    /// A total: bold.
    Strong,
}

/// Whether a column holds words or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words, aligned to the left.
    Left,
    /// Numbers, aligned to the right.
    Right,
}

/// Whether a cell is a sentence or a word, and not a number with its unit.
fn has_words(cell: &str) -> bool {
    cell.split(|letter: char| !letter.is_alphabetic()).any(|word| word.chars().count() > 3)
}

/// A table with a title, named columns and rows of text.
#[derive(Clone, Debug)]
pub struct Table {
    title: String,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<(String, Tone)>>,
    /// Whether its rows are named by the program, so that the names are translated.
    named_rows: bool,
}

impl Table {
    /// A table without rows. An empty title is not shown.
    pub fn new(title: impl Into<String>, columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|&(name, align)| (shown(name.to_owned()), align)).collect();
        Self { title: shown(title.into()), columns, rows: Vec::new(), named_rows: false }
    }

    /// Says that the first cell of each row is a text of the program, and no name from a service or a file.
    #[must_use]
    pub fn with_named_rows(self) -> Self {
        Self { named_rows: true, ..self }
    }

    /// The table in this language: its title, the names of its columns, the names of its rows if they are the program's, those
    /// of totals, and the numbers, which are the cells that are aligned to the right.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        let text = |text: &str| language.text(text).to_owned();
        let cell = |(place, (cell, tone)): (usize, (String, Tone))| {
            let cell = match self.columns.get(place) {
                Some((_, Align::Right)) if text(&cell) == cell && !has_words(&cell) => language.number(&cell),
                Some((_, Align::Right)) => text(&cell),
                _ if tone == Tone::Strong || (place == 0 && self.named_rows) => text(&cell),
                _ => cell,
            };
            (cell, tone)
        };
        let rows = self.rows.into_iter().map(|row| row.into_iter().enumerate().map(cell).collect()).collect();
        let columns = self.columns.iter().map(|(name, align)| (text(name), *align)).collect();
        Self { title: text(&self.title), columns, rows, named_rows: self.named_rows }
    }

    /// Adds a row of cells in the default colour.
    pub fn row<I, S>(&mut self, cells: I)
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.toned_row(cells.into_iter().map(|cell| (cell, Tone::Plain)));
    }

    /// Adds a row of cells, each with its tone.
    pub fn toned_row<I, S>(&mut self, cells: I)
    where
        I: IntoIterator<Item = (S, Tone)>,
        S: Into<String>,
    {
        self.rows.push(cells.into_iter().map(|(cell, tone)| (shown(cell.into()), tone)).collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text with its title above, at most `width` columns wide, with colour if asked.
    pub fn render(&self, width: Option<u16>, colour: bool) -> String {
        let mut drawn = comfy_table::Table::new();
        drawn.load_style(style());
        if let Some(width) = width {
            drawn.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        if colour {
            drawn.enforce_styling();
        } else {
            drawn.force_no_tty();
        }
        drawn.set_header(self.columns.iter().map(|(name, align)| Cell::new(name).set_alignment(alignment(*align))));
        for row in &self.rows {
            drawn.add_row(
                row.iter()
                    .zip(&self.columns)
                    .map(|((text, tone), (_, align))| toned(cell(text), *tone).set_alignment(alignment(*align))),
            );
        }
        let lines = drawn.lines().map(|line| line.replace(SEAM, "").trim_end().to_owned());
        let title = (!self.title.is_empty()).then(|| self.title.clone());
        title.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    }

    /// The table as HTML with its title as a heading, inside a box that scrolls if the table is wider than the page.
    pub fn to_html(&self) -> String {
        let row = |tag: &str, cells: &mut dyn Iterator<Item = (&String, String)>| {
            let cells: String = cells.map(|(text, class)| format!("<{tag}{class}>{}</{tag}>", escaped(text))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let head = row("th", &mut self.columns.iter().map(|(name, align)| (name, class(*align, Tone::Plain))));
        let body = self.rows.iter().map(|cells| {
            let cells = cells.iter().zip(&self.columns);
            row("td", &mut cells.map(|((text, tone), (_, align))| (text, class(*align, *tone))))
        });
        let body: String = body.collect();
        let title = escaped(&self.title);
        format!("<section>\n<h2>{title}</h2>\n<div class=\"table\"><table>\n{head}{body}</table></div>\n</section>\n")
    }

    /// The table as CSV with a line of column names, as in RFC 4180 except for the line ends.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        // Writing to memory does not fail.
        drop(writer.write_record(self.columns.iter().map(|(name, _)| name)));
        for row in &self.rows {
            drop(writer.write_record(row.iter().take(self.columns.len()).map(|(text, _)| text)));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// The table as it is printed on this process's standard output: as wide as the terminal, with colour if wanted.
    pub fn to_terminal(&self) -> String {
        self.render(terminal_width(), wants_color())
    }
}

fn class(align: Align, tone: Tone) -> String {
    let tone = match tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Doubtful => Some("doubtful"),
        Tone::Bad => Some("bad"),
        Tone::Strong => Some("strong"),
    };
    let names: Vec<_> = (align == Align::Right).then_some("number").into_iter().chain(tone).collect();
    if names.is_empty() { String::new() } else { format!(" class=\"{}\"", names.join(" ")) }
}

/// Makes a text printable, without a copy in the usual case.
fn shown(text: String) -> String {
    match printable(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(printable) => printable,
    }
}

/// Makes a text printable and wraps lines longer than `width` between words. A longer word stays whole, so that an
/// address can be copied.
pub fn folded(text: &str, width: Option<u16>) -> String {
    let text = printable(text);
    let Some(width) = width else { return text.into_owned() };
    let options = textwrap::Options::new(usize::from(width)).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&text, options.break_words(false))
}

/// Whether output should have colour: standard output is a terminal and `NO_COLOR` is not set.
pub fn wants_color() -> bool {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && std::io::stdout().is_terminal()
}

/// The width of the terminal in columns; None if standard output is not a terminal, so that files are not wrapped.
pub fn terminal_width() -> Option<u16> {
    std::io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten()
}

/// The columns and rows of the terminal; None if standard output is not a terminal or its size is unknown.
pub fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some((size.ws_col, size.ws_row)).filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

/// Only a line under the heading: frames and lines between columns would take thirty columns of a hundred.
fn style() -> TableStyle {
    let mut style = NOTHING;
    style.header_separator.fill = Some('─');
    style
}

fn alignment(align: Align) -> CellAlignment {
    match align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    }
}

/// Marks where a path may be broken. It has no width and is removed when the table is drawn.
const SEAM: char = '\u{200b}';

/// Makes a cell. A text is broken between words, a path before a slash.
fn cell(text: &str) -> Cell {
    match text.strip_prefix('/') {
        Some(path) if !path.contains(' ') => {
            Cell::new(format!("/{}", path.replace('/', &format!("{SEAM}/")))).set_delimiter(SEAM)
        }
        _ => Cell::new(text),
    }
}

fn toned(cell: Cell, tone: Tone) -> Cell {
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Doubtful => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Strong => cell.add_attribute(Attribute::Bold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_for_a_page_has_no_markup_but_its_own() {
        let mut table = Table::new("A & B", &[("Message", Align::Left), ("Count", Align::Right)]);
        table.toned_row([("<script>\"x\"</script>", Tone::Bad), ("7", Tone::Plain)]);
        let html = table.to_html();
        assert!(html.contains("<h2>A &amp; B</h2>"), "{html}");
        assert!(html.contains("<td class=\"bad\">&lt;script&gt;&quot;x&quot;&lt;/script&gt;</td>"), "{html}");
        assert!(
            html.contains("<th class=\"number\">Count</th>") && html.contains("<td class=\"number\">7</td>"),
            "{html}"
        );
    }

    #[test]
    fn control_characters_in_cells_are_shown_and_our_own_colours_stay() {
        let mut table = Table::new("\u{202e}title", &[("Message", Align::Left)]);
        table.toned_row([("\u{1b}[2J\u{202e}x", Tone::Bad)]);
        let drawn = table.render(None, true);
        assert!(drawn.contains("\u{fffd}[2J\u{fffd}x") && !drawn.contains("\u{1b}[2J"), "{drawn:?}");
        assert!(drawn.contains("\u{1b}[38;5;9m"), "red: {drawn:?}");
        for form in [table.to_html(), table.to_markdown(), table.to_csv(), drawn] {
            assert!(!form.contains('\u{202e}') && form.contains('\u{fffd}'), "{form:?}");
        }
        assert_eq!(folded("a\u{1b}b", Some(9)), "a\u{fffd}b");
    }

    #[test]
    fn a_path_is_broken_before_a_slash() {
        let mut table = Table::new("", &[("Name", Align::Left), ("Count", Align::Right)]);
        table.row(["/orders/reports/highest-spenders", "7"]);
        table.row(["/orders/reports", "8"]);
        insta::assert_snapshot!(table.render(Some(30), false), @"
         Name               Count
        ──────────────────────────
         /orders/reports        7
         /highest-spenders
         /orders/reports        8
        ");
    }

    fn hostile() -> Table {
        let mut table = Table::new("Failures", &[("Message", Align::Left), ("Count", Align::Right)]);
        table.row(["a | b\nc", "1,234"]);
        table.row(["<script>, *x*, refused_stock, _x_", "7"]);
        table.toned_row([
            ("Total", Tone::Strong),
            ("1,241", Tone::Strong),
            ("more than there are columns", Tone::Plain),
        ]);
        table
    }

    #[test]
    fn markdown_is_what_github_draws_as_this_table() {
        insta::assert_snapshot!(hostile().to_markdown(), @r"
        **Failures**

        | Message                                  |     Count |
        | ---------------------------------------- | --------: |
        | a \| b<br>c                              |     1,234 |
        | &lt;script>, \*x\*, refused_stock, \_x\_ |         7 |
        | **Total**                                | **1,241** |
        ");
    }

    #[test]
    fn csv_is_read_back() {
        insta::assert_snapshot!(hostile().to_csv(), @r#"
        Message,Count
        "a | b
        c","1,234"
        "<script>, *x*, refused_stock, _x_",7
        Total,"1,241"
        "#);
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let text = "Verdict: valid.\nThe service runs on the same machine.";
        assert_eq!(folded(text, Some(22)), "Verdict: valid.\nThe service runs on\nthe same machine.");
        assert_eq!(folded(text, None), text);
        assert_eq!(folded("unbreakable", Some(5)), "unbreakable");
    }

    #[test]
    fn in_another_language_numbers_are_written_anew_and_names_of_others_stay() {
        let mut table = Table::new("Requests", &[("Name", Align::Left), ("Failed", Align::Right)]);
        table.row(["orders 1.5", "1,234"]);
        table.row(["orders", "0.50 %"]);
        let french = |table: &Table| table.clone().in_language(Language::French).to_csv();
        assert_eq!(french(&table), "Nom,Échecs\norders 1.5,1\u{202f}234\norders,\"0,50\u{202f}%\"\n");
        assert!(
            french(&table.clone().with_named_rows()).contains("\ncommandes,"),
            "a name of the program is translated"
        );
        assert_eq!(table.clone().in_language(Language::English).to_csv(), table.to_csv());
    }

    #[test]
    fn a_table_reads_like_a_table() {
        let mut table = Table::new("Failures", &[("Message", Align::Left), ("Count", Align::Right)]);
        table.row(["Too many connections", "7"]);
        table.toned_row([("Total", Tone::Strong), ("7", Tone::Bad)]);
        insta::assert_snapshot!(table.render(None, false), @"
        Failures
         Message               Count
        ─────────────────────────────
         Too many connections      7
         Total                     7
        ");
    }
}
