//! Values that a scenario takes from the environment, and how they are kept out of everything that is shown.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::expression::Argument;

/// The shortest value that is hidden: a shorter one is part of too many other words, and is no secret.
const SHORTEST: usize = 4;

/// The values that were taken, by the names of their variables.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    values: Vec<(String, String)>,
    /// All forms in which they may be shown, longer ones first.
    forms: Vec<(String, String)>,
}

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
        self.add_value(variable, &value);
        // What a check shows of an answer is escaped, and a service may show a query as it got it.
        self.add_form(variable, serde_json::Value::from(value.as_str()).to_string().trim_matches('"').to_owned());
        self.add_form(variable, form_urlencoded::byte_serialize(value.as_bytes()).collect());
        Ok(value)
    }

    fn add_value(&mut self, variable: &str, value: &str) {
        self.values.push((variable.to_owned(), value.to_owned()));
        self.add_form(variable, value.to_owned());
    }

    /// Adds another form in which a value is sent.
    pub(super) fn add_form(&mut self, variable: &str, form: String) {
        if form.len() >= SHORTEST && !self.forms.iter().any(|(_, known)| *known == form) {
            self.forms.push((variable.to_owned(), form));
            // A longer one may contain a shorter one.
            self.forms.sort_by_key(|(_, form)| std::cmp::Reverse(form.len()));
        }
    }

    /// Adds the forms that the values have in base64, whatever stands around them, as in the header of a name and a password.
    pub(super) fn add_base64(&mut self) {
        for (variable, value) in self.values.clone() {
            for before in 0..3 {
                self.add_form(&variable, in_base64(&value, before));
            }
        }
    }

    /// The text with the name of the variable in place of each value, and of the beginning of one at which it was cut off.
    pub(super) fn hidden_in(&self, mut text: String) -> String {
        for (variable, form) in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), &format!("{{env.{variable}}}"));
            }
        }
        // Texts of answers are cut off before they come here, which is the end or a mark.
        let ends: Vec<_> = text.rmatch_indices('…').map(|(at, _)| at).collect();
        for end in std::iter::once(text.len()).chain(ends) {
            let begun = self.forms.iter().find_map(|(variable, form)| {
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

/// The letters of a text in base64 that are of the text alone, if so many bytes stand before it. A letter has six bits.
fn in_base64(text: &str, before: usize) -> String {
    let encoded = STANDARD_NO_PAD.encode([vec![0; before].as_slice(), text.as_bytes()].concat());
    let (first, end) = ((before * 8).div_ceil(6), (before + text.len()) * 8 / 6);
    encoded.get(first..end).unwrap_or_default().to_owned()
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.forms.iter().map(|(variable, _)| variable)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_whole_cut_off_and_encoded() {
        let mut secrets = Secrets::default();
        secrets.add_form("TOKEN", "eyJhbGciOiJIUzI1NiJ9.payload".to_owned());
        for (text, shown) in [
            ("no token eyJhbGciOiJIUzI1NiJ9.payload here", "no token {env.TOKEN} here"),
            ("is \"eyJhbGciOiJI…, expected x", "is \"{env.TOKEN}…, expected x"),
            ("token eyJhbGciOi", "token {env.TOKEN}"),
            ("a eyJhb… and b eyJhbG… and c eyJ", "a {env.TOKEN}… and b {env.TOKEN}… and c eyJ"),
            ("nothing…", "nothing…"),
            ("", ""),
        ] {
            assert_eq!(secrets.hidden_in(text.to_owned()), shown);
        }
    }

    #[test]
    fn a_value_is_hidden_in_base64_whatever_stands_around_it() {
        let mut secrets = Secrets::default();
        secrets.add_value("PW", "s3cret-value");
        secrets.add_base64();
        for user in ["", "a", "ab", "abc", "mia"] {
            for behind in ["", "x", "xy", "xyz"] {
                let sent = STANDARD_NO_PAD.encode(format!("{user}:s3cret-value{behind}"));
                let shown = secrets.hidden_in(format!("bad Basic {sent}"));
                assert!(shown.contains("{env.PW}"), "{user} {behind}: {sent} {shown}");
                let left = shown.replace("{env.PW}", "").replace("bad Basic ", "");
                assert!(left.len() <= sent.len() - 14, "{user} {behind}: {left}");
            }
        }
        assert_eq!(secrets.hidden_in("Basic YW5uYTphbm90aGVy".to_owned()), "Basic YW5uYTphbm90aGVy");
    }
}
