//! Regular expressions: compiled once, bounded in size, and able to fail.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::matched::{Matched, Texts};

/// The most bytes of a compiled expression, and of the states that each thread keeps while it searches. The expressions
/// that people write need a few KiB.
const MOST_BYTES: usize = 1 << 20;

/// Compiles the expression of a check, which must be able to fail and to hold. `key` names where it stands.
pub(super) fn of_check(key: &str, text: &str, texts: Texts) -> Result<Regex, String> {
    let regex = compile(key, text)?;
    match Matched::by(text, &regex, texts) {
        Matched::Some => Ok(regex),
        Matched::Everything if texts == Texts::OfOneLine => {
            Err(format!("{key} = {text:?} can never fail: it matches every value of a header"))
        }
        Matched::Everything => Err(format!("{key} = {text:?} can never fail: it matches every text")),
        Matched::Nothing => Err(format!("{key} = {text:?} can never hold: it matches no text")),
    }
}

/// Compiles the expression of a capture, which may take a whole text, but not find nothing in every text.
pub(in crate::loadtest::scenario) fn of_capture(key: &str, text: &str) -> Result<Regex, String> {
    let regex = compile(key, text)?;
    if regex_syntax::parse(text).is_ok_and(|parsed| finds_nothing(&parsed)) {
        return Err(format!("{key} = {text:?} can never fail: it matches every text, also the empty one"));
    }
    Ok(regex)
}

fn compile(key: &str, text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("{key} = {text:?} is too large: use fewer or smaller repetitions"),
        other => {
            let message = other.to_string();
            let reason = message.lines().last().unwrap_or_default();
            format!("{key} = {text:?} is not a regular expression: {}", reason.trim_start_matches("error: "))
        }
    })
}

/// Whether an expression matches the empty text somewhere in every text: at its start, or at its end.
fn finds_nothing(expression: &Hir) -> bool {
    is_empty_at(expression, Look::Start) || is_empty_at(expression, Look::End)
}

/// Whether it matches the empty text at the start or at the end of every text.
fn is_empty_at(expression: &Hir, edge: Look) -> bool {
    match expression.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => {
            let lines = if edge == Look::Start { Look::StartLF } else { Look::EndLF };
            *look == edge || *look == lines
        }
        HirKind::Repetition(repetition) => repetition.min == 0 || is_empty_at(&repetition.sub, edge),
        HirKind::Capture(capture) => is_empty_at(&capture.sub, edge),
        HirKind::Concat(parts) => parts.iter().all(|part| is_empty_at(part, edge)),
        HirKind::Alternation(parts) => parts.iter().any(|part| is_empty_at(part, edge)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_finds_nothing_in_every_text_captures_nothing() {
        for text in ["", "a*", "x?", "(a|b*)", ".*", "^", "$", "^.*", ".*$", "(?m)^a?", "a|", "(?:)", "(a{0,3})+"] {
            assert!(of_capture("body", text).unwrap_err().contains("can never fail"), "{text:?}");
        }
        for text in ["a", "a+", "^$", "^a*$", "\\bx?\\b", "a|b", ".", "^[^<]*$", "(?s)^(.*)$"] {
            assert!(of_capture("body", text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_check_that_can_never_fail_or_never_hold_is_refused() {
        let refused = |text: &str, texts| of_check("regex", text, texts).unwrap_err();
        assert!(refused("(?s)^.*$", Texts::Any).ends_with("can never fail: it matches every text"));
        assert!(refused("^.*$", Texts::OfOneLine).ends_with("can never fail: it matches every value of a header"));
        assert!(refused("$a", Texts::Any).ends_with("can never hold: it matches no text"));
        assert!(of_check("regex", "^.*$", Texts::Any).is_ok(), "a text may have two lines");
    }

    #[test]
    fn an_expression_that_is_wrong_or_too_large_is_refused() {
        assert!(compile("regex", "(a").unwrap_err().contains("is not a regular expression: unclosed group"));
        assert!(compile("regex", r"(\w{500}){500}").unwrap_err().contains("is too large"));
    }
}
