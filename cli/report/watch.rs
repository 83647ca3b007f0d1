//! `report --watch`: repeats the report of the last minutes until Ctrl-C.
//!
//! On a terminal the report is redrawn in place, with as many lines as fit; elsewhere the reports follow one another. If
//! Prometheus does not answer, the error is shown and Prometheus is asked again, because a store is watched most when
//! something is wrong.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::pin::pin;
use std::time::Duration;

use storemgr::process::{self, Exit};
use storemgr::promql::Prometheus;
use storemgr::report::{self, Document, ReportError, Span};
use storemgr::units::Language;
use storemgr::{say, table, text, units};

use crate::failure::{CommandResult, Failure};
use crate::options::window::failure;
use crate::output;

/// Moves the cursor to the upper left corner, clears the rest of a line, clears all lines below.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// The size assumed for a terminal that does not report its own, in columns and rows.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Reports on the time up to now until it is interrupted or the reader closes the pipe.
pub(super) async fn watch(client: &Prometheus, last: Duration, every: Duration, language: Language) -> CommandResult {
    let mut interrupted = pin!(process::terminated().map_err(Failure::could_not_run)?);
    let mut view = View::of_standard_output(language);
    let span = Span::Last(last);
    loop {
        let reported = tokio::select! {
            biased;
            () = &mut interrupted => return Ok(Exit::Interrupted),
            reported = report::gather(client, &span, &|| ()) => reported,
        };
        let read = match reported {
            Ok(report) => view.show(&report::document(&report, language), every)?,
            Err(error) if is_hopeless(&error) => return Err(failure(error)),
            Err(error) => view.show_error(&error, every)?,
        };
        if !read {
            return Ok(Exit::Good);
        }
        tokio::select! {
            biased;
            () = &mut interrupted => return Ok(Exit::Interrupted),
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Whether the error is permanent, so that asking again cannot help.
fn is_hopeless(error: &ReportError) -> bool {
    matches!(error, ReportError::TooLong { .. })
}

/// How reports are shown on standard output.
#[derive(Debug)]
enum View {
    /// Redrawn in place on a terminal. Holds the last report, if there was one.
    InPlace { shown: Option<Box<Document>>, language: Language },
    /// One report after the other.
    Blocks { language: Language },
}

impl View {
    fn of_standard_output(language: Language) -> Self {
        // TERM says so if the terminal cannot move its cursor.
        let dumb = std::env::var_os("TERM").is_none_or(|kind| kind.is_empty() || kind == "dumb");
        if std::io::stdout().is_terminal() && !dumb {
            Self::InPlace { shown: None, language }
        } else {
            Self::Blocks { language }
        }
    }

    /// Shows a report. Returns false if the reader has closed the pipe.
    fn show(&mut self, document: &Document, every: Duration) -> Result<bool, Failure> {
        match self {
            Self::Blocks { .. } => output::offer(&format!("{}\n\n", document.to_terminal())),
            Self::InPlace { shown, language } => {
                *shown = Some(Box::new(document.clone()));
                let every = language.number(&units::duration(every));
                draw(&say!(*language, "Every {every}; Ctrl-C ends it.", every), Some(document), *language)
            }
        }
    }

    /// Shows why there is no report now. On a terminal, the last report stays visible below. Returns like [`Self::show`].
    fn show_error(&mut self, error: &ReportError, every: Duration) -> Result<bool, Failure> {
        let (Self::Blocks { language } | Self::InPlace { language, .. }) = *self;
        let error = language.retold(&error.to_string());
        let sentence = say!(
            language,
            "{error}. Asking again every {every}.",
            error = units::printable(&error),
            every = language.number(&units::duration(every))
        );
        match self {
            Self::Blocks { .. } => {
                output::offer(&format!("{} {sentence}\n\n", units::timestamp(std::time::SystemTime::now())))
            }
            Self::InPlace { shown, .. } => {
                let below = language.text(text!("The last report is shown below."));
                let sentence = if shown.is_some() { format!("{sentence} {below}") } else { sentence };
                draw(&sentence, shown.as_deref(), language)
            }
        }
    }
}

fn draw(first: &str, document: Option<&Document>, language: Language) -> Result<bool, Failure> {
    let (width, height) = table::terminal_size().unwrap_or(USUAL_SIZE);
    let body = document.map_or_else(String::new, |document| document.to_text(Some(width), table::wants_color()));
    output::offer(&screen(first, &body, (width, height), language))
}

/// The bytes that make a terminal of this size show a text, whatever it showed before.
fn screen(first: &str, body: &str, (width, height): (u16, u16), language: Language) -> String {
    let (width, height) = (usize::from(width).max(1), usize::from(height).max(3));
    let mut lines = folded(first, width);
    lines.push(String::new());
    // Tables already fit and may contain colour codes; only the sentences around them are folded.
    let fits = |line: &str| line.contains('\x1b') || line.chars().count() <= width;
    lines.extend(body.lines().flat_map(|line| if fits(line) { vec![line.to_owned()] } else { folded(line, width) }));
    // The last row stays free, so that nothing scrolls.
    if lines.len() > height - 1 {
        let hidden = lines.len() - (height - 2);
        lines.truncate(height - 2);
        let more = say!(language, "({hidden} more lines; make the terminal higher)", hidden);
        lines.push(more.chars().take(width).collect());
    }
    let lines: String = lines.iter().map(|line| format!("{line}{CLEAR_LINE}\n")).collect();
    format!("{HOME}{lines}{CLEAR_BELOW}")
}

/// Wraps a text at this width, between words; a word that is wider is split.
fn folded(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let text = text.strip_prefix(HOME).unwrap().strip_suffix(CLEAR_BELOW).unwrap();
        text.lines().map(|line| line.strip_suffix(CLEAR_LINE).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_screen_is_never_higher_or_wider_than_the_terminal() {
        let body = "a sentence that is wider than the terminal\nb\nc\nd\ne";
        assert_eq!(
            rows(&screen("Every 5 s; Ctrl-C ends it.", body, (20, 8), Language::English)),
            [
                "Every 5 s; Ctrl-C",
                "ends it.",
                "",
                "a sentence that is",
                "wider than the",
                "terminal",
                "(4 more lines; make "
            ]
        );
        let high = rows(&screen("Every 5 s.", body, (80, 24), Language::English));
        assert_eq!((high.len(), high[0].as_str(), high[6].as_str()), (7, "Every 5 s.", "e"));
    }

    #[test]
    fn a_table_with_colours_is_left_as_it_is() {
        let coloured = format!("\x1b[31m{}\x1b[0m", "x".repeat(20));
        assert_eq!(rows(&screen("f", &coloured, (20, 24), Language::English))[2], coloured);
    }
}
