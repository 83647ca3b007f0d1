//! Makes texts safe for the place where they are shown.

use std::borrow::Cow;

/// Makes a text safe to show, for anything that a service, a database, Prometheus or Redis has said, or that stands in a
/// file. Control characters would steer a terminal and are not allowed in XML; bidirectional marks reverse the text beside
/// them; two words that differ in an invisible character look alike. Each becomes U+FFFD, or a space if it is white space;
/// line ends stay.
///
/// It is applied where a text gets the form that people read (tables, pages, documents, JUnit, lines on standard
/// error). Until then data stays as it is: labels are compared, and JSON is for programs.
pub fn printable(text: &str) -> Cow<'_, str> {
    let shown = |c: char| match c {
        '\n' => c,
        '\u{2028}' | '\u{2029}' => ' ',
        _ if c.is_control() && c.is_whitespace() => ' ',
        _ if c.is_control() || is_invisible(c) || is_noncharacter(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    if text.chars().all(|c| shown(c) == c) { Cow::Borrowed(text) } else { text.chars().map(shown).collect() }
}

/// Whether a character has no form of its own: what Unicode calls `Bidi_Control` or `Default_Ignorable_Code_Point`
/// (<https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>), and what annotates a text. The selectors of
/// emoji and text style (U+FE00 to U+FE0F) are not among them: they change only how the character before them looks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether XML forbids the character, apart from control characters (<https://www.w3.org/TR/xml/#charsets>).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Makes a text printable and escapes it for HTML.
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
    fn a_text_can_neither_steer_a_terminal_nor_reverse_a_line() {
        for (said, shown) in [
            ("\u{1b}[31mred\u{1b}]0;title\u{7}", "\u{fffd}[31mred\u{fffd}]0;title\u{fffd}"),
            ("\u{9b}2J\u{7f}\0", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("a\tb\r\nc\u{85}d", "a b \nc d"),
            ("\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}", &"\u{fffd}".repeat(7)),
            ("\u{fffe}\u{ffff}", "\u{fffd}\u{fffd}"),
            ("\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}\u{3164}\u{e0041}\u{fff9}", &"\u{fffd}".repeat(8)),
            ("one\u{2028}line\u{2029}", "one line "),
        ] {
            assert_eq!(printable(said), shown, "{said:?}");
        }
        for plain in ["", "é – ≥ ▁▂ \u{a0}%\n", "שלום", "مرحبا", "👍", "\u{2764}\u{fe0f}"] {
            assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }

    #[test]
    fn a_page_shows_what_is_printable() {
        assert_eq!(escaped("<\u{202e}\u{1b}&>"), "&lt;\u{fffd}\u{fffd}&amp;&gt;");
    }
}
