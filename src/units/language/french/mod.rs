//! The French texts: a file for each part of the program. The English text is the key.
//!
//! Typography follows the usage of Québec: a no-break space before a colon, a percent sign and inside quotation marks, and
//! none before a semicolon or a question mark.

mod answers;
mod explain;
mod kept;
mod lab;
mod live_page;
mod loadtest;
mod report;
mod room;

use room::Room;

/// All texts, by the part of the program that says them.
pub(super) const ROOMS: &[Room] =
    &[lab::TEXTS, answers::TEXTS, report::TEXTS, loadtest::TEXTS, live_page::TEXTS, explain::TEXTS];

/// The templates of sentences that are kept in English.
pub(super) const KEPT: Room = kept::TEXTS;
