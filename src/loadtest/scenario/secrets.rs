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

    /// Adds the form in which a text with values in it is sent, such as the base64 of a name and a password.
    pub(super) fn add_encoded(&mut self, text: &str, encoded: &str) {
        let within = self.0.iter().find(|(_, form)| text.contains(form.as_str())).map(|(variable, _)| variable.clone());
        if let Some(variable) = within {
            self.add_form(&variable, encoded.to_owned());
        }
    }

    /// The text with the name of the variable in place of each value, and of the beginning of one at which it was cut off.
    pub(super) fn hidden_in(&self, mut text: String) -> String {
        for (variable, form) in &self.0 {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), &format!("{{env.{variable}}}"));
            }
        }
        // Texts of answers are cut off before they come here, which is the end or a mark.
        let ends: Vec<_> = text.rmatch_indices('…').map(|(at, _)| at).collect();
        for end in std::iter::once(text.len()).chain(ends) {
            let begun = self.0.iter().find_map(|(variable, form)| {
                let lengths = (SHORTEST..form.len()).rev().filter(|length| form.is_char_boundary(*length));
                let length = lengths.into_iter().find(|length| text[..end].ends_with(&form[..*length]))?;
                Some((variable, length))
            });
            if let Some((variable, length)) = begun {
                text.replace_range(end - length..end, &format!("{{env.{variable}}}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_whole_cut_off_and_encoded() {
        let mut secrets = Secrets::default();
        secrets.add_form("TOKEN", "eyJhbGciOiJIUzI1NiJ9.payload".to_owned());
        secrets.add_encoded("anna:eyJhbGciOiJIUzI1NiJ9.payload", "YW5uYTpleUpoYkdj");
        secrets.add_encoded("anna:another", "YW5uYTphbm90aGVy");
        for (text, shown) in [
            ("no token eyJhbGciOiJIUzI1NiJ9.payload here", "no token {env.TOKEN} here"),
            ("is \"eyJhbGciOiJI…, expected x", "is \"{env.TOKEN}…, expected x"),
            ("token eyJhbGciOi", "token {env.TOKEN}"),
            ("a eyJhb… and b eyJhbG… and c eyJ", "a {env.TOKEN}… and b {env.TOKEN}… and c eyJ"),
            ("Basic YW5uYTpleUpoYkdj", "Basic {env.TOKEN}"),
            ("Basic YW5uYTphbm90aGVy", "Basic YW5uYTphbm90aGVy"),
            ("nothing…", "nothing…"),
            ("", ""),
        ] {
            assert_eq!(secrets.hidden_in(text.to_owned()), shown);
        }
    }
}
