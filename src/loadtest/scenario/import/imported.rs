//! What an import gives: a scenario, or why there is none.

/// A scenario that was made of another document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The text of the scenario.
    pub text: String,
    /// How many things could not be carried over.
    pub left_out: usize,
    /// The variables of the environment that it needs, in alphabetical order.
    pub variables: Vec<String>,
    /// The service that the document is about, if it says so.
    pub host: Option<String>,
}

/// Why no scenario can be made of a document, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub(super) String);
