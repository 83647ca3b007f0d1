//! Says again in a language what was said in English and kept: in the files of a run, a lab or a search, which are in English
//! for programs, whatever language a person reads.
//!
//! Such a sentence was made from a template of the code, which is the key of its translation (`french/kept.rs`). A text is
//! compared with all templates, and what stands in the place of their placeholders is said again in turn. What fits none, such
//! as the words of a service, stays as it is.

use super::{Language, is_number};

/// A template with fewer letters of its own would fit too much.
const LEAST_LETTERS: usize = 5;

impl Language {
    /// Says a kept text again in this language.
    pub fn retold(self, english: &str) -> String {
        if self == Self::English {
            return english.to_owned();
        }
        let fits = self.kept_texts().filter_map(|(template, translation)| {
            Some((own_letters(template), translation, values(template, english)?))
        });
        if let Some((_, translation, values)) = fits.max_by_key(|(letters, ..)| *letters) {
            let values: Vec<_> = values.into_iter().map(|(name, value)| (name, self.retold(value))).collect();
            return filled(translation, &values);
        }
        let known = self.text(english);
        if known != english {
            return known.to_owned();
        }
        if is_number(english) {
            return self.number(english);
        }
        // Something with what is to be said of it, such as `p95<500ms: 1.43 s`.
        let Some((what, of_it)) = english.split_once(": ") else { return english.to_owned() };
        let (retold, of_it_retold) = (self.retold(what), self.retold(of_it));
        if (retold.as_str(), of_it_retold.as_str()) == (what, of_it) {
            return english.to_owned();
        }
        format!("{retold}{} {of_it_retold}", self.colon())
    }

    /// Says kept texts again, one after the other.
    pub fn retold_all(self, english: &[String]) -> Vec<String> {
        english.iter().map(|text| self.retold(text)).collect()
    }
}

/// A template as its texts and placeholders: first a text, then each placeholder with the text behind it. A placeholder
/// without a name has its place instead.
fn parts(template: &str) -> (&str, Vec<(String, &str)>) {
    let mut parts = template.split('{');
    let first = parts.next().unwrap_or_default();
    let rest = parts.enumerate().map(|(place, part)| {
        let (inside, behind) = part.split_once('}').unwrap_or_default();
        let name = inside.split(':').next().filter(|name| !name.is_empty());
        (name.map_or_else(|| place.to_string(), str::to_owned), behind)
    });
    (first, rest.collect())
}

/// The number of letters of a template outside its placeholders.
fn own_letters(template: &str) -> usize {
    let (first, rest) = parts(template);
    let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).count();
    letters(first) + rest.iter().map(|(_, text)| letters(text)).sum::<usize>()
}

/// What stands in the place of the placeholders, if the text was made from this template.
fn values<'a>(template: &str, text: &'a str) -> Option<Vec<(String, &'a str)>> {
    let (first, mut rest) = parts(template);
    let mut left = text.strip_prefix(first)?;
    let Some((last, behind)) = rest.pop() else { return left.is_empty().then(Vec::new) };
    if own_letters(template) < LEAST_LETTERS {
        return None;
    }
    left = left.strip_suffix(behind)?;
    let mut values = Vec::new();
    for (name, behind) in rest {
        let (value, next) = left.split_once(behind)?;
        values.push((name, value));
        left = next;
    }
    values.push((last, left));
    Some(values)
}

/// A translation with the values in the places of their placeholders.
fn filled(translation: &str, values: &[(String, String)]) -> String {
    let (first, rest) = parts(translation);
    let mut text = first.to_owned();
    for (name, behind) in rest {
        text.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()));
        text.push_str(behind);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_sentence_is_said_again_with_the_sentences_and_numbers_in_it() {
        let french = Language::French;
        let kept = "it stood still for 3.00 s, and 100 of 10,000 answers were touched by that (1.00 %)";
        let said = french.retold(kept);
        assert!(said.contains("3,00\u{202f}s") && said.contains("10\u{202f}000"), "{said}");
        assert!(!said.contains("still") && !said.contains("touched"), "{said}");
        assert_eq!(french.retold("p95<500ms: 1.43 s"), "p95<500ms\u{a0}: 1,43\u{202f}s");
        assert_eq!(Language::English.retold(kept), kept);
    }

    #[test]
    fn what_a_service_said_stays_as_it_is() {
        for said in ["503 the database refused a connection: Too many connections (1040)", "500 oh", "3 of 4", ""] {
            assert_eq!(Language::French.retold(said), said);
        }
    }

    #[test]
    fn placeholders_are_found_by_name_and_by_place() {
        let found = values("{a} did not {} of {c:.1}: x", "10 did not 5 of 7: x").unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(found, [("a", "10"), ("1", "5"), ("c", "7")]);
        assert_eq!(values("{a} did not {b}", "10 did"), None);
        assert_eq!(filled("{c}/{1}", &[("1".into(), "x".into()), ("c".into(), "y".into())]), "y/x");
    }
}
