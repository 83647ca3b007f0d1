//! Values that a scenario takes from the environment, and how they are kept out of everything that is shown.

use std::fmt;

use super::expression::Argument;

/// The shortest value that is hidden: a shorter one is part of too many other words, and is no secret.
const SHORTEST: usize = 4;

/// The values that were taken, by the names of their variables.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Takes the value of a variable of the environment.
    pub(super) fn take(&mut self, variable: &str, arguments: &[Argument]) -> Result<String, String> {
        if variable.is_empty() || !arguments.is_empty() {
            return Err("write env.VARIABLE with the name of a variable of the environment".to_owned());
        }
        let value = std::env::var(variable).map_err(|error| match error {
            std::env::VarError::NotPresent => format!("the environment variable {variable} is not set: set it first"),
            std::env::VarError::NotUnicode(_) => format!("the environment variable {variable} is not text in UTF-8"),
        })?;
        self.add_form(variable, value.clone());
        Ok(value)
    }

    /// Adds another form in which a value is sent.
    pub(super) fn add_form(&mut self, variable: &str, form: String) {
        if form.len() >= SHORTEST && !self.0.iter().any(|(_, known)| *known == form) {
            self.0.push((variable.to_owned(), form));
            // A longer one may contain a shorter one.
            self.0.sort_by_key(|(_, form)| std::cmp::Reverse(form.len()));
        }
    }

    /// The text with the name of the variable in place of each value.
    pub(super) fn hidden_in(&self, mut text: String) -> String {
        for (variable, form) in &self.0 {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), &format!("{{env.{variable}}}"));
            }
        }
        text
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(variable, _)| variable)).finish()
    }
}
