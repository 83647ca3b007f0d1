//! Checks text that people type: one line, of limited length, without control characters.

/// The text without surrounding white space; `None` unless it has 1 to `longest` characters and no control character.
pub(super) fn line_of_text(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}
