//! Text that people type: one line, bounded, without control characters.

/// One line of text without surrounding white space: 1 to `longest` characters, none of them a control character.
pub(super) fn line_of_text(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}
