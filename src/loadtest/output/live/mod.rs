//! The live view of a run on standard error: lines that change in place on a terminal, plain lines elsewhere.

mod cells;
mod frame;
mod lines;
mod screen;

use std::io::IsTerminal;

use lines::Lines;
use screen::Screen;

use crate::loadtest::collect::Progress;
use crate::units::Language;

/// The live view, or nothing if it is not wanted.
#[derive(Debug)]
pub(in crate::loadtest) struct Live(View);

#[derive(Debug)]
enum View {
    /// The view is not wanted, or the run has ended.
    Nothing,
    /// Standard error is a log or a pipe.
    Plain(Box<Lines>),
    /// Standard error is a terminal.
    InPlace(Box<Screen>),
}

impl Live {
    pub(super) fn new(show: bool, language: Language) -> Self {
        // A terminal that cannot move its cursor sets TERM to "dumb" or not at all.
        let dumb = std::env::var_os("TERM").is_none_or(|kind| kind.is_empty() || kind == "dumb");
        Self(match (show, std::io::stderr().is_terminal() && !dumb) {
            (false, _) => View::Nothing,
            (true, false) => View::Plain(Box::new(Lines::in_language(language))),
            (true, true) => View::InPlace(Box::new(Screen::in_language(language))),
        })
    }

    /// Shows one more second.
    pub(super) fn tick(&mut self, progress: &Progress<'_>) {
        match &mut self.0 {
            View::Nothing => {}
            View::Plain(lines) => lines.tick(progress),
            View::InPlace(screen) => screen.tick(progress),
        }
    }

    /// Ends the view; the tables show the rest.
    pub(super) fn end(&mut self) {
        match std::mem::replace(&mut self.0, View::Nothing) {
            View::Plain(lines) => lines.end(),
            // A terminal is given back when its screen is dropped.
            View::Nothing | View::InPlace(_) => {}
        }
    }
}
