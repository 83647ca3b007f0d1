//! Lines that are drawn in the place of earlier ones on a terminal, whatever its size was and is.
//!
//! They are drawn on the terminal's alternate screen, as a pager does. On the main screen most terminals break lines again when
//! they become narrower, and move what does not fit out of reach, so that old lines would stay. The main screen is as it was
//! when the view ends.

use textwrap::core::display_width;

/// The columns and the rows of a terminal.
pub(super) type Size = (usize, usize);

/// Switches to the alternate screen (DEC private mode 1049).
const ENTER: &str = "\x1b[?1049h";

/// Empties the screen and switches back. A terminal without an alternate screen is left empty.
const LEAVE: &str = "\x1b[H\x1b[J\x1b[?1049l";

/// The state of the terminal.
#[derive(Debug, Default)]
pub(super) struct Frame {
    entered: bool,
}

impl Frame {
    /// The text that draws these lines, as far as they fit, and nothing else.
    pub(super) fn draw(&mut self, lines: &[String], (columns, rows): Size) -> String {
        let mut text = if std::mem::replace(&mut self.entered, true) { String::new() } else { ENTER.to_owned() };
        text.push_str("\x1b[H");
        // What a terminal writes by itself, such as ^C, comes into the last row.
        for line in lines.iter().take(rows.saturating_sub(1).max(1)) {
            text.push_str("\x1b[K");
            text.push_str(&cut(line, columns.max(1)));
            text.push_str("\r\n");
        }
        text.push_str("\x1b[J");
        text
    }

    /// The text that ends the view, if it was begun.
    pub(super) fn end(&mut self) -> Option<&'static str> {
        std::mem::take(&mut self.entered).then_some(LEAVE)
    }
}

/// The start of a line that is at most `columns` wide.
fn cut(line: &str, columns: usize) -> String {
    if display_width(line) <= columns {
        return line.to_owned();
    }
    let mut width = 0;
    let fits = line.chars().take_while(|letter| {
        width += display_width(letter.encode_utf8(&mut [0; 4]));
        width < columns
    });
    fits.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that already shows lines, as wide as they are.
    fn terminal() -> avt::Terminal {
        let mut terminal = avt::Terminal::with_scrollback(40, 8, None).unwrap();
        terminal.feed("$ command\r\nsome words that take the whole first line\r\n");
        terminal
    }

    fn shown(terminal: &avt::Terminal) -> String {
        let lines: Vec<_> = terminal.screen().all_lines().map(|line| line.text().trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    #[test]
    fn a_frame_replaces_the_one_before_whatever_the_size_becomes() {
        let (mut terminal, mut frame) = (terminal(), Frame::default());
        let before = terminal.screen().text();
        for (columns, last) in [(40, "end"), (11, "a new end"), (25, "end"), (7, "end"), (40, "the last end")] {
            terminal.resize(columns, 8);
            let first = "0123456789012345678901234567890123456789";
            terminal.feed(frame.draw(&[first.to_owned(), String::new(), last.to_owned()], (columns, 8)));
            let expected = format!("{}\n\n{}", cut(first, columns), cut(last, columns));
            assert_eq!(shown(&terminal), expected, "{columns} columns");
            terminal.feed("^C");
        }
        terminal.feed(frame.end().unwrap());
        assert_eq!(terminal.screen().text(), before);
        assert_eq!(frame.end(), None, "nothing is ended twice");
    }

    #[test]
    fn a_frame_is_never_higher_than_the_terminal() {
        let (mut terminal, mut frame) = (terminal(), Frame::default());
        for second in 1..=20 {
            let many: Vec<_> = (1..=12).map(|line| format!("line {line} in second {second}")).collect();
            terminal.feed(frame.draw(&many, (40, 8)));
        }
        let shown = shown(&terminal);
        assert_eq!(shown.lines().count(), 7, "{shown}");
        assert!(shown.starts_with("line 1 in second 20\n") && shown.ends_with("line 7 in second 20"), "{shown}");
    }

    #[test]
    fn a_line_is_cut_by_the_columns_that_its_letters_take() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語で", 6), "日本…");
        assert_eq!(cut("é…x", 2), "é…");
        assert_eq!(cut("abc", 1), "…");
    }
}
