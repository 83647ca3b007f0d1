//! Variables in a compose file, as the compose specification defines them: `$$`, `$NAME`, `${NAME}`, and in the braces
//! a default (`:-`, `-`), an error (`:?`, `?`) or a replacement (`:+`, `+`), which may contain further variables.

use std::collections::BTreeMap;

/// A variable that a compose file refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::deploy_check) struct Reference {
    pub(in crate::deploy_check) name: String,
    /// Whether the file has no default for it.
    pub(in crate::deploy_check) required: bool,
    /// Whether an empty value counts as not set.
    pub(in crate::deploy_check) filled: bool,
}

/// Replaces the variables by their values and collects the references. A variable that is not set becomes empty.
pub(super) fn interpolate(
    text: &str,
    values: &BTreeMap<String, String>,
    references: &mut Vec<Reference>,
) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let end = closing(inside).ok_or_else(|| format!("`{text}`: a brace is not closed"))?;
            result.push_str(&expand(&inside[..end], values, references)?);
            rest = &inside[end + 1..];
        } else {
            let end = name_length(rest);
            if end == 0 {
                return Err(format!("`{text}`: a dollar sign stands alone; write $$"));
            }
            let name = &rest[..end];
            references.push(Reference { name: name.to_owned(), required: true, filled: false });
            result.push_str(values.get(name).map_or("", String::as_str));
            rest = &rest[end..];
        }
    }
    result.push_str(rest);
    Ok(result)
}

/// The index of the brace that closes the one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(text.len())
}

fn expand(inside: &str, values: &BTreeMap<String, String>, references: &mut Vec<Reference>) -> Result<String, String> {
    let (name, modifier) = inside.split_at(name_length(inside));
    let value = values.get(name);
    let (colon, operator) = match modifier.strip_prefix(':') {
        Some(operator) => (true, operator),
        None => (false, modifier),
    };
    let present = value.filter(|value| !colon || !value.is_empty());
    let mut refer = |required| references.push(Reference { name: name.to_owned(), required, filled: colon });
    let mut characters = operator.chars();
    match characters.next() {
        None | Some('?') => {
            refer(true);
            Ok(value.cloned().unwrap_or_default())
        }
        Some('-') => {
            refer(false);
            match present {
                Some(value) => Ok(value.clone()),
                None => interpolate(characters.as_str(), values, references),
            }
        }
        Some('+') => {
            refer(false);
            if present.is_some() { interpolate(characters.as_str(), values, references) } else { Ok(String::new()) }
        }
        Some(_) => Err(format!("`${{{inside}}}` is not a form that compose knows")),
    }
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
        ] {
            assert_eq!(interpolate(text, &values, &mut Vec::new()).unwrap(), expected, "{text}");
        }
        for text in ["${A", "$ ", "${A!b}"] {
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
}
