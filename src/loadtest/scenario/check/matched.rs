//! Which texts an expression matches: some of them, all or none. It decides whether a check can fail, and whether it can
//! hold.
//!
//! An expression is an automaton, so this can be known and need not be guessed from samples: from its start every state
//! is visited that a text leads to, and at each the text may end.

use std::collections::{HashSet, VecDeque};

use regex::Regex;
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;

/// Which texts an expression matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matched {
    Nothing,
    /// Some texts and not others, or an automaton too large to say.
    Some,
    Everything,
}

/// The texts that an expression is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    Any,
    /// The values of a header, which have no end of a line in them (RFC 9110, section 5.5).
    OfOneLine,
}

impl Texts {
    /// The bytes that they may have in them.
    fn bytes(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |byte| self == Self::Any || !matches!(byte, b'\r' | b'\n' | b'\0'))
    }
}

/// The most memory of the states that are visited, in bytes. The automata of expressions that match everything are
/// small.
const MOST_BYTES: usize = 1 << 20;

/// Texts beyond ASCII, for expressions with the edges of words, of which the automaton knows those of ASCII alone.
const BEYOND_ASCII: [&str; 5] = ["é", "日本", "a é", "éa", "\u{1f600}"];

impl Matched {
    /// Of an expression, given as its text and compiled.
    pub(super) fn by(text: &str, regex: &Regex, texts: Texts) -> Self {
        Walk::new(text, texts).and_then(|mut walk| walk.all(regex)).unwrap_or(Self::Some)
    }
}

/// A walk through the states of an automaton.
struct Walk {
    automaton: DFA,
    texts: Texts,
    /// Whether a text is known that matches.
    matches: bool,
    /// Whether a text is known that does not.
    fails: bool,
}

impl Walk {
    /// None if the automaton is too large.
    fn new(text: &str, texts: Texts) -> Option<Self> {
        let limits = DFA::config()
            .unicode_word_boundary(true)
            .cache_capacity(MOST_BYTES)
            // A state that was forgotten could not be told from a new one.
            .minimum_cache_clear_count(Some(0));
        let automaton = DFA::builder().configure(limits).build(text).ok()?;
        Some(Self { automaton, texts, matches: false, fails: false })
    }

    /// Visits every state that a text leads to, until it is known that some texts match and others do not.
    fn all(&mut self, regex: &Regex) -> Option<Matched> {
        let mut cache = self.automaton.create_cache();
        let start = self.automaton.start_state_forward(&mut cache, &Input::new("")).ok()?;
        let mut reached = HashSet::from([(start, Utf8::default())]);
        let mut next = VecDeque::from([(start, Utf8::default())]);
        let mut beyond = false;
        while let Some((state, utf8)) = next.pop_front().filter(|_| !(self.matches && self.fails)) {
            if utf8.is_whole() {
                self.note(self.automaton.next_eoi_state(&mut cache, state).ok()?.is_match());
            }
            for byte in self.texts.bytes() {
                let Some(utf8) = utf8.after(byte) else { continue };
                let state = self.automaton.next_state(&mut cache, state, byte).ok()?;
                if state.is_quit() {
                    beyond = true;
                } else if state.is_match() || state.is_dead() {
                    // Whatever follows, it has matched, or never will.
                    self.note(state.is_match());
                } else if reached.insert((state, utf8)) {
                    next.push_back((state, utf8));
                }
            }
        }
        if beyond {
            for text in BEYOND_ASCII {
                self.note(regex.is_match(text));
            }
        }
        Some(match (self.matches, self.fails) {
            (true, false) => Matched::Everything,
            (false, true) if !beyond => Matched::Nothing,
            _ => Matched::Some,
        })
    }

    fn note(&mut self, matches: bool) {
        *(if matches { &mut self.matches } else { &mut self.fails }) = true;
    }
}

/// How far a character of UTF-8 has come: how many bytes it still has, and within what bounds the next one is (Unicode
/// 16, table 3-7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Utf8 {
    left: u8,
    least: u8,
    most: u8,
}

impl Utf8 {
    fn is_whole(self) -> bool {
        self.left == 0
    }

    /// None if the byte cannot come next.
    fn after(self, byte: u8) -> Option<Self> {
        let of = |left, least, most| Some(Self { left, least, most });
        match byte {
            _ if self.left > 1 => (self.least..=self.most).contains(&byte).then_some(Self {
                left: self.left - 1,
                least: 0x80,
                most: 0xbf,
            }),
            _ if self.left == 1 => (self.least..=self.most).contains(&byte).then(Self::default),
            0..=0x7f => Some(Self::default()),
            0xc2..=0xdf => of(1, 0x80, 0xbf),
            0xe0 => of(2, 0xa0, 0xbf),
            0xed => of(2, 0x80, 0x9f),
            0xe1..=0xef => of(2, 0x80, 0xbf),
            0xf0 => of(3, 0x90, 0xbf),
            0xf1..=0xf3 => of(3, 0x80, 0xbf),
            0xf4 => of(3, 0x80, 0x8f),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(text: &str, texts: Texts) -> Matched {
        Matched::by(text, &Regex::new(text).unwrap(), texts)
    }

    #[test]
    fn an_expression_may_match_every_text_in_many_ways() {
        for text in [
            "",
            "a*",
            "x?",
            "(a|b*)",
            ".*",
            "^",
            "$",
            "^.*",
            ".*$",
            "(?m)^a?",
            "a|",
            "(?:)",
            "(a{0,3})+",
            r"(?s)^.*$",
            r"^[\s\S]*$",
            r"^[^a]*a?[\s\S]*$",
            r"(?m)^.*$",
            r"\b|\B",
            r"(?-u:\b)|(?-u:\B)",
            r"a|[^a]|^$",
            r"(?s)^(a.*|[^a].*)?$",
            r"^\PL|\pL|^$",
            r"^(?s:.|\n)*$",
            r"\A|x",
            r"(?m)$|^x",
        ] {
            assert_eq!(matched(text, Texts::Any), Matched::Everything, "{text:?}");
        }
    }

    #[test]
    fn an_expression_that_some_text_does_not_match_can_fail() {
        for text in [
            "a",
            "a+",
            "^$",
            "^a*$",
            r"\bx?\b",
            "a|b",
            ".",
            "^[^<]*$",
            "^.*$",
            r"(?s)^.{0,500}$",
            r"^[\x00-\x{10fffe}]*$",
            r"\b",
            r"\B",
            r"^[^é]*$",
            r"^\p{L}*$",
            r"(?m)^x",
            "^[^\n]*$",
            r"(?s)^.+$",
            r"[0-9a-f]{8}-[0-9a-f]{4}",
            r"\w+@\w+",
        ] {
            assert_eq!(matched(text, Texts::Any), Matched::Some, "{text:?}");
        }
    }

    #[test]
    fn an_expression_that_no_text_matches_can_never_hold() {
        for text in ["a^", "$a", r"[^\s\S]", r"a(?-u:\b)b", r"(?m)$a", r"\Ax\A"] {
            assert_eq!(matched(text, Texts::Any), Matched::Nothing, "{text:?}");
        }
    }

    #[test]
    fn the_value_of_a_header_is_one_line() {
        for text in ["^.*$", "^[^\n]*$", "(?m)^.*$"] {
            assert_eq!(matched(text, Texts::OfOneLine), Matched::Everything, "{text:?}");
        }
        assert_eq!(matched("^.+$", Texts::OfOneLine), Matched::Some, "a value may be empty");
        assert_eq!(matched("\n", Texts::OfOneLine), Matched::Nothing);
    }

    #[test]
    fn every_character_is_walked_through() {
        for character in
            ['a', '\u{7f}', '\u{80}', 'é', '\u{7ff}', '\u{800}', '日', '\u{d7ff}', '\u{e000}', '\u{10000}', char::MAX]
        {
            let mut bytes = [0; 4];
            let mut encoded = character.encode_utf8(&mut bytes).bytes();
            let end = encoded.try_fold(Utf8::default(), Utf8::after);
            assert_eq!(end, Some(Utf8::default()), "{character:?}");
        }
        for wrong in [&b"\x80"[..], b"\xc0\x80", b"\xe0\x80", b"\xed\xa0", b"\xf0\x80", b"\xf4\x90", b"\xf5", b"\xc3a"]
        {
            assert_eq!(wrong.iter().copied().try_fold(Utf8::default(), Utf8::after), None, "{wrong:?}");
        }
    }
}
