//! The texts of the program in every language: those of the code, and those of the catalogues.
//!
//! A text is the literal inside `text!` or the first literal inside `say!`. Each must be in the catalogue of every other
//! language, with the same placeholders, and a catalogue must have no other.
//!
//! Sentences that are kept in files are in English there and are said again when they are shown. The files of [`KEEPERS`] make
//! them: each sentence in them must be among the kept ones of every language.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use storemgr::units::Language;

/// The macros around a text.
const MACROS: [&str; 2] = ["say", "text"];

/// The files that make sentences which are kept: every one of their texts with several words is such a sentence.
const KEEPERS: [&str; 14] = [
    "src/loadtest/judge/caveats.rs",
    "src/loadtest/judge/generator.rs",
    "src/loadtest/judge/standstill.rs",
    "src/loadtest/search/hold.rs",
    "src/loadtest/search/trial.rs",
    "src/report/gather.rs",
    "src/report/comparison/reservations.rs",
    "src/lab/balancing.rs",
    "src/lab/failover.rs",
    "src/lab/order_lines.rs",
    "src/lab/rung_runner.rs",
    "src/lab/store.rs",
    "src/lab/unloaded.rs",
    "src/lab/watcher.rs",
];

/// All texts in the code of the library and the command line.
fn texts_of_the_code() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for folder in ["src", "cli"] {
        for file in super::source_files(&super::root().join(folder)) {
            if file.extension().is_some_and(|extension| extension == "rs") {
                collect(std::fs::read_to_string(&file).unwrap().parse().unwrap(), &mut texts);
            }
        }
    }
    texts
}

fn collect(tokens: TokenStream, texts: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (place, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        collect(group.stream(), texts);
        let [.., TokenTree::Ident(name), TokenTree::Punct(sign)] = &tokens[..place] else { continue };
        let called = sign.as_char() == '!' && MACROS.iter().any(|known| name == known);
        if called && group.delimiter() == Delimiter::Parenthesis {
            let literal = group.stream().into_iter().find_map(|token| match token {
                TokenTree::Literal(literal) => Some(literal.to_string()),
                _ => None,
            });
            texts.extend(literal.map(|literal| value(&literal)));
        }
    }
}

/// The value of a string literal of the code.
fn value(literal: &str) -> String {
    plain(literal).unwrap_or_else(|| panic!("not a plain string, or with an escape that no text needs: {literal}"))
}

/// The value of a string literal; `None` if it is not plain, or has an escape that no text needs.
fn plain(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::new();
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some('\n')) => while letters.next_if(|letter| letter.is_whitespace()).is_some() {},
            ('\\', Some('"' | '\\')) => value.extend(letters.next()),
            ('\\', _) => return None,
            (letter, _) => value.push(letter),
        }
    }
    Some(value)
}

/// All string literals of the code, but for those of attributes and tests: texts that are no plain strings are left out.
fn literals(tokens: TokenStream, attributes: bool, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut in_tests = false;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let sign = |back: usize, sign: char| {
                    let token = place.checked_sub(back).map(|before| &tokens[before]);
                    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == sign)
                };
                // `#[…]`, and `#![…]`, which is also what a comment on a module is.
                let is_attribute = sign(1, '#') || (sign(1, '!') && sign(2, '#'));
                in_tests |= is_attribute && group.stream().to_string().replace(' ', "") == "cfg(test)";
                if (attributes || !is_attribute) && !in_tests {
                    literals(group.stream(), attributes, found);
                }
                // The item behind the attribute ends with its body.
                in_tests &= is_attribute || group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Literal(literal) => found.extend(plain(&literal.to_string())),
            _ => {}
        }
    }
}

fn literals_of(path: &std::path::Path, attributes: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    literals(std::fs::read_to_string(path).unwrap().parse().unwrap(), attributes, &mut found);
    found
}

/// Whether a literal is a sentence or a part of one: it has a word behind another.
fn is_sentence(text: &str) -> bool {
    let own: Vec<_> = text
        .split('{')
        .enumerate()
        .map(|(place, part)| if place == 0 { part } else { part.split_once('}').map_or("", |(_, own)| own) })
        .collect();
    let own = own.join("x");
    own.split(' ').filter(|word| word.len() > 2 && word.chars().all(|letter| letter.is_ascii_lowercase())).count() > 1
}

#[test]
fn every_sentence_that_is_kept_can_be_said_again_in_every_language() {
    let said = texts_of_the_code();
    let mut all = BTreeSet::new();
    for file in ["src", "cli"].iter().flat_map(|folder| super::source_files(&super::root().join(folder))) {
        if file.extension().is_some_and(|extension| extension == "rs") && !file.ends_with("kept.rs") {
            all.append(&mut literals_of(&file, true));
        }
    }
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        let kept: Vec<_> = language.kept_texts().collect();
        for (english, translation) in &kept {
            assert!(all.contains(*english), "nobody keeps any more, in {language}: {english:?}");
            let (filled, expected) = (filled(english, "7"), filled(translation, "7"));
            assert_eq!(language.retold(&filled), expected, "{english:?} is taken for another");
        }
        for file in KEEPERS {
            let sentences = literals_of(&super::root().join(file), false);
            let missing: Vec<_> = sentences
                .iter()
                .filter(|text| is_sentence(text) && !said.contains(*text))
                .filter(|text| kept.iter().all(|(english, _)| english != text))
                .collect();
            assert!(missing.is_empty(), "{file} keeps what {language} cannot say again: {missing:#?}");
        }
    }
}

/// The text with this in place of each placeholder.
fn filled(text: &str, value: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |filled, part| filled + value + part.split_once('}').map_or("", |(_, behind)| behind))
}

/// The placeholders of a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn every_text_of_the_code_is_in_every_language() {
    let texts = texts_of_the_code();
    assert!(texts.len() > 100, "only {} texts were found", texts.len());
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        let catalogue: Vec<_> = language.catalogue().collect();
        let known: BTreeSet<_> = catalogue.iter().map(|(english, _)| *english).collect();
        assert_eq!(known.len(), catalogue.len(), "{language} has a text twice");
        let missing: Vec<_> = texts.iter().filter(|text| !known.contains(text.as_str())).collect();
        assert!(missing.is_empty(), "add to src/units/language for {language}: {missing:#?}");
        let unused: Vec<_> = known.iter().filter(|text| !texts.contains(**text)).collect();
        assert!(unused.is_empty(), "nobody says any more, in {language}: {unused:#?}");
        for (english, translation) in catalogue {
            assert_eq!(placeholders(english), placeholders(translation), "{language}: {english} -> {translation}");
        }
    }
}

#[test]
fn a_text_is_found_as_the_compiler_reads_it() {
    let mut texts = BTreeSet::new();
    let code = "let a = say!(language, \"one {b} \\\n     \\\"two\\\"\", b = x(text!(\"inner\"))); other!(\"not\")";
    collect(code.parse().unwrap(), &mut texts);
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), ["inner", "one {b} \"two\""]);
}
