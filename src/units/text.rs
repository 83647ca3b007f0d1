//! Texts made safe for where they are put.

use std::borrow::Cow;

/// A text that is shown and not obeyed, for whatever a service, a database, Prometheus or Redis has said. Control characters
/// would steer a terminal and are not allowed in XML; bidirectional marks turn around what stands beside them. Each becomes
/// U+FFFD, or a space where it stands for one; ends of lines stay.
///
/// The forms that people read apply it to what they are given (tables, pages, documents, JUnit, lines on standard error), so
/// that data stays what it is until then: labels are compared, and JSON is for programs.
pub fn printable(text: &str) -> Cow<'_, str> {
    let shown = |c: char| match c {
        '\n' => c,
        _ if c.is_control() && c.is_whitespace() => ' ',
        _ if c.is_control() || is_bidirectional_mark(c) || is_noncharacter(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    if text.chars().all(|c| shown(c) == c) { Cow::Borrowed(text) } else { text.chars().map(shown).collect() }
}

/// What Unicode calls `Bidi_Control` (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
fn is_bidirectional_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What no XML may hold beside control characters (<https://www.w3.org/TR/xml/#charsets>).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// A printable text in which nothing is markup, for a page.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_cannot_steer_a_terminal_nor_turn_a_line_around() {
        for (said, shown) in [
            ("\u{1b}[31mred\u{1b}]0;title\u{7}", "\u{fffd}[31mred\u{fffd}]0;title\u{fffd}"),
            ("\u{9b}2J\u{7f}\0", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("a\tb\r\nc\u{85}d", "a b \nc d"),
            ("\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}", &"\u{fffd}".repeat(7)),
            ("\u{fffe}\u{ffff}", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(printable(said), shown, "{said:?}");
        }
        for plain in ["", "é – ≥ ▁▂ \u{a0}%\n", "שלום", "مرحبا", "👍"] {
            assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }

    #[test]
    fn a_page_shows_what_is_printable() {
        assert_eq!(escaped("<\u{202e}\u{1b}&>"), "&lt;\u{fffd}\u{fffd}&amp;&gt;");
    }
}
