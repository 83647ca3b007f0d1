//! Checks text that people type: one line, of limited length, without control characters.

/// The text without surrounding white space; `None` unless it has 1 to `longest` characters, and no control character
/// anywhere.
pub(super) fn line_of_text(text: &str, longest: usize) -> Option<String> {
    let trimmed = text.trim();
    let fits = !trimmed.is_empty() && trimmed.chars().count() <= longest && !text.contains(char::is_control);
    fits.then(|| trimmed.to_owned())
}
