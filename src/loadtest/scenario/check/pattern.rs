//! Regular expressions: compiled once, bounded in size, and able to fail.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind, Look};

/// The most bytes of a compiled expression, and of the states that each thread keeps while it searches. The expressions
/// that people write need a few KiB.
const MOST_BYTES: usize = 1 << 20;

/// Compiles an expression. `key` names where it stands.
pub(in crate::loadtest::scenario) fn compile(key: &str, text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).build();
    let regex = built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("{key} = {text:?} is too large: use fewer or smaller repetitions"),
        other => {
            let message = other.to_string();
            let reason = message.lines().last().unwrap_or_default();
            format!("{key} = {text:?} is not a regular expression: {}", reason.trim_start_matches("error: "))
        }
    })?;
    if regex_syntax::parse(text).is_ok_and(|parsed| matches_everything(&parsed)) {
        return Err(format!("{key} = {text:?} can never fail: it matches every text, also the empty one"));
    }
    Ok(regex)
}

/// Whether an expression matches the empty text somewhere in every text: at its start, or at its end.
fn matches_everything(expression: &Hir) -> bool {
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
    fn an_expression_that_matches_every_text_is_refused() {
        for text in ["", "a*", "x?", "(a|b*)", ".*", "^", "$", "^.*", ".*$", "(?m)^a?", "a|", "(?:)", "(a{0,3})+"] {
            assert!(compile("regex", text).unwrap_err().contains("can never fail"), "{text:?}");
        }
        for text in ["a", "a+", "^$", "^a*$", "\\bx?\\b", "a|b", ".", "^[^<]*$"] {
            assert!(compile("regex", text).is_ok(), "{text:?}");
        }
        assert!(compile("regex", "(a").unwrap_err().contains("is not a regular expression: unclosed group"));
        assert!(compile("regex", r"(\w{500}){500}").unwrap_err().contains("is too large"));
    }
}
