//! What a person sees while a run lasts: lines that change in place on a terminal, plain lines elsewhere.

mod lines;
mod screen;

use std::io::IsTerminal;

use lines::Lines;
use screen::Screen;

use crate::loadtest::collect::Progress;

/// The live view of a run, on standard error.
#[derive(Debug)]
pub(in crate::loadtest) struct Live(View);

#[derive(Debug)]
enum View {
    /// Nobody watches, or the run is over.
    Nothing,
    /// A log, or something that reads.
    Plain(Box<Lines>),
    /// A terminal.
    InPlace(Screen),
}

impl Live {
    pub(super) fn new(show: bool) -> Self {
        // A terminal that cannot move its cursor says so.
        let dumb = std::env::var_os("TERM").is_none_or(|kind| kind.is_empty() || kind == "dumb");
        Self(match (show, std::io::stderr().is_terminal() && !dumb) {
            (false, _) => View::Nothing,
            (true, false) => View::Plain(Box::default()),
            (true, true) => View::InPlace(Screen::new()),
        })
    }

    /// One more second.
    pub(super) fn tick(&mut self, progress: &Progress<'_>) {
        match &mut self.0 {
            View::Nothing => {}
            View::Plain(lines) => lines.tick(progress),
            View::InPlace(screen) => screen.tick(progress),
        }
    }

    /// The run is over; what is left stands in its tables.
    pub(super) fn end(&mut self, interrupted: bool) {
        match std::mem::replace(&mut self.0, View::Nothing) {
            View::Nothing => {}
            View::Plain(lines) => lines.end(),
            View::InPlace(screen) => screen.end(interrupted),
        }
    }
}
