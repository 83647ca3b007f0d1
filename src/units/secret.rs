//! A secret text, such as a password.

use std::fmt;

/// A text that must never be shown: not in a log, an error or a dump of a structure.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes a text to keep secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Gives the text, for the one call that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}
