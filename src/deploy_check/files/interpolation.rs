//! Variables in a compose file, as the compose specification defines them: `$$`, `$NAME`, `${NAME}`, and in the braces
//! a default (`:-`, `-`), an error (`:?`, `?`) or a replacement (`:+`, `+`), which may contain further variables. Any
//! other dollar sign is text.

use std::collections::BTreeMap;

/// The deepest nesting of `${A:-${B:-…}}`.
const DEEPEST: usize = 32;

/// The longest text that variables may be replaced to; a few nested defaults double it each time.
const LONGEST: usize = 1 << 20;

/// A variable that a compose file refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::deploy_check) struct Reference {
    pub(in crate::deploy_check) name: String,
    /// Whether the file has no default for it.
    pub(in crate::deploy_check) required: bool,
    /// Whether an empty value counts as not set.
    pub(in crate::deploy_check) filled: bool,
    /// Whether compose refuses to start without it (`${NAME:?}`), instead of leaving it empty.
    pub(in crate::deploy_check) refused: bool,
}

/// Replaces the variables by their values and collects the references. A variable that is not set becomes empty. The
/// error says what is wrong and never shows the text, which may hold a secret.
pub(super) fn interpolate(
    text: &str,
    values: &BTreeMap<String, String>,
    references: &mut Vec<Reference>,
) -> Result<String, String> {
    Interpolation { values, references }.replaced(text, 0)
}

struct Interpolation<'a> {
    values: &'a BTreeMap<String, String>,
    references: &'a mut Vec<Reference>,
}

impl Interpolation<'_> {
    fn replaced(&mut self, text: &str, depth: usize) -> Result<String, String> {
        if depth > DEEPEST {
            return Err(format!("variables stand within variables, deeper than {DEEPEST} levels"));
        }
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            result.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                result.push('$');
                rest = after;
            } else if let Some(inside) = rest.strip_prefix('{') {
                let end = closing(inside).ok_or("a brace after a dollar sign is not closed")?;
                result.push_str(&self.expanded(&inside[..end], depth)?);
                rest = &inside[end + 1..];
            } else {
                let name = &rest[..name_length(rest)];
                if name.is_empty() {
                    result.push('$');
                    continue;
                }
                self.refer(name, true, false, false);
                result.push_str(self.values.get(name).map_or("", String::as_str));
                rest = &rest[name.len()..];
            }
            if result.len() > LONGEST {
                return Err("its variables make more than a megabyte of it".to_owned());
            }
        }
        result.push_str(rest);
        Ok(result)
    }

    fn refer(&mut self, name: &str, required: bool, filled: bool, refused: bool) {
        self.references.push(Reference { name: name.to_owned(), required, filled, refused });
    }

    /// The value of what stands between braces.
    fn expanded(&mut self, inside: &str, depth: usize) -> Result<String, String> {
        let (name, modifier) = inside.split_at(name_length(inside));
        if name.is_empty() {
            return Err("no name of a variable follows `${`; write $$ for a dollar sign".to_owned());
        }
        let value = self.values.get(name).cloned();
        let (colon, operator) = match modifier.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, modifier),
        };
        let present = value.clone().filter(|value| !colon || !value.is_empty());
        let mut characters = operator.chars();
        match characters.next() {
            None if colon => Err(format!("nothing follows `${{{name}:`")),
            None => {
                self.refer(name, true, false, false);
                Ok(value.unwrap_or_default())
            }
            Some('?') => {
                self.refer(name, true, colon, true);
                Ok(value.unwrap_or_default())
            }
            Some('-') => {
                self.refer(name, false, colon, false);
                match present {
                    Some(value) => Ok(value),
                    None => self.replaced(characters.as_str(), depth + 1),
                }
            }
            Some('+') => {
                self.refer(name, false, colon, false);
                if present.is_some() { self.replaced(characters.as_str(), depth + 1) } else { Ok(String::new()) }
            }
            Some(_) => Err(format!("what follows `${{{name}` is no form that compose knows")),
        }
    }
}

/// The index of the brace that closes the one before `text`. Only `${` opens a further one.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                // The work on what is nested grows with the depth, and the depth has a limit.
                if depth > DEEPEST * 2 {
                    return text.rfind('}');
                }
                at += 1;
            }
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The length of the name at the start of a text: a letter or `_`, then also digits.
fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_as_compose_reads_it() {
        let values = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("EMPTY".to_owned(), String::new())]);
        for (text, expected) in [
            ("plain $$A", "plain $A"),
            ("$A/${A}", "1/1"),
            ("${B:-x}", "x"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            ("${B-${A}}", "1"),
            ("${B:-${C:-y}}z", "yz"),
            ("${A:+set}", "set"),
            ("${EMPTY:+set}", ""),
            ("${A:?must be set}", "1"),
            ("${B:?must be set}", ""),
            // Compose takes a dollar sign that names nothing as text.
            ("abc$&xyz", "abc$&xyz"),
            ("${H:-$2a$14$1lQx}", "$2a$14$1lQx"),
            ("5 $ and $", "5 $ and $"),
        ] {
            assert_eq!(interpolate(text, &values, &mut Vec::new()).unwrap(), expected, "{text}");
        }
        for text in ["${A", "${A!b}", "${}", "${A:}"] {
            assert!(interpolate(text, &values, &mut Vec::new()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_must_be_set_is_told_from_what_may_be() {
        let mut references = Vec::new();
        interpolate("${A:?why} ${B} ${C:-x} $D", &BTreeMap::new(), &mut references).unwrap();
        let found: Vec<_> = references.iter().map(|one| (one.name.as_str(), one.required, one.filled)).collect();
        assert_eq!(found, [("A", true, true), ("B", true, false), ("C", false, true), ("D", true, false)]);
    }

    #[test]
    fn what_is_nested_without_end_ends_with_a_sentence() {
        for (open, close) in [("${A:-", "}"), ("${A:-", "")] {
            let text = format!("{}{}", open.repeat(60_000), close.repeat(60_000));
            assert!(interpolate(&text, &BTreeMap::new(), &mut Vec::new()).is_err());
        }
        let values = BTreeMap::from([("A".to_owned(), "x".repeat(60_000))]);
        assert!(interpolate(&"$A".repeat(60_000), &values, &mut Vec::new()).is_err());
    }
}
