//! How a text is written where it stands in a request.

/// An encoding, as a placeholder names it after `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Plain,
    /// A JSON text, with its quotes.
    Json,
    /// The inside of a JSON text, without quotes.
    JsonInside,
    /// Percent-encoded for a URL.
    Url,
    /// As browsers send the fields of a form (WHATWG URL, application/x-www-form-urlencoded).
    Form,
}

impl Encoding {
    /// The encoding with this name; none is plain.
    pub(super) fn of(name: Option<&str>) -> Result<Self, String> {
        match name {
            None | Some("text") => Ok(Self::Plain),
            Some("json") => Ok(Self::Json),
            Some("url") => Ok(Self::Url),
            Some(other) => Err(format!("the encoding {other} is not known: write json, url or text")),
        }
    }

    /// Writes a text in this encoding.
    pub(super) fn write(self, text: &str, into: &mut String) {
        match self {
            Self::Plain => into.push_str(text),
            Self::Json if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) => {
                into.push_str(&serde_json::Value::from(text).to_string());
            }
            Self::Json => into.extend(["\"", text, "\""]),
            Self::JsonInside => {
                let quoted = Self::Json.encoded(text);
                into.push_str(&quoted[1..quoted.len() - 1]);
            }
            Self::Form => into.extend(form_urlencoded::byte_serialize(text.as_bytes())),
            Self::Url => {
                let parts = form_urlencoded::byte_serialize(text.as_bytes());
                into.extend(parts.map(|part| if part == "+" { "%20" } else { part }));
            }
        }
    }

    /// A text in this encoding.
    pub(super) fn encoded(self, text: &str) -> String {
        let mut encoded = String::with_capacity(text.len() + 2);
        self.write(text, &mut encoded);
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_as_its_place_needs_it() {
        for (text, json, url) in [
            ("plain", "\"plain\"", "plain"),
            ("a \"b\"\n", r#""a \"b\"\n""#, "a%20%22b%22%0A"),
            ("1+1 & é\u{7f}", "\"1+1 & é\u{7f}\"", "1%2B1%20%26%20%C3%A9%7F"),
        ] {
            assert_eq!(Encoding::Plain.encoded(text), text);
            assert_eq!(Encoding::Json.encoded(text), json);
            assert_eq!(Encoding::Url.encoded(text), url);
        }
        assert!(Encoding::of(Some("xml")).unwrap_err().contains("write json, url or text"));
    }
}
