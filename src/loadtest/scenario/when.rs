//! The condition under which a step is made: a comparison of two texts, or a share of all journeys.

use rand::RngExt;

use super::check::Number;
use super::template::{Around, Names, Scope, Template};
use super::value::{Draws, Who};
use crate::units;

/// A condition, compiled.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct When(Condition);

#[derive(Clone, Debug)]
enum Condition {
    /// This share of journeys, from 0 to 1.
    Share(f64),
    Compare {
        left: Template,
        relation: Compared,
        right: Template,
    },
}

/// How two values are compared: as numbers if both are, otherwise as texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longest signs first, because a shorter one may begin a longer one.
const SIGNS: [(&str, Compared); 6] = [
    ("==", Compared::Equal),
    ("!=", Compared::Different),
    ("<=", Compared::LessOrEqual),
    (">=", Compared::GreaterOrEqual),
    ("<", Compared::Less),
    (">", Compared::Greater),
];

impl When {
    /// Reads a condition. An error gives the byte at which it is, and what is wrong.
    pub(super) fn read(text: &str, names: &mut Names, scope: &mut Scope) -> Result<Self, (usize, String)> {
        let wrong = || {
            let what = format!(
                "when = {text:?} is not a condition: write a comparison like \"{{{{state}}}} == paid\" or \"{{{{left}}}} > 0\", or \
                 a share of the journeys like \"30%\""
            );
            (0, what)
        };
        if text.trim().ends_with('%') && !text.contains("{{") {
            let share = units::parse_share(text.trim()).map_err(|_| wrong())?;
            return if share > 0.0 && share < 1.0 { Ok(Self(Condition::Share(share))) } else { Err(wrong()) };
        }
        let Some((at, sign, relation)) = sign(text) else { return Err(wrong()) };
        let (left, right) = (text[..at].trim(), unquoted(text[at + sign.len()..].trim()));
        if !left.contains("{{") && !right.contains("{{") {
            return Err((0, format!("when = {text:?} is always the same: compare a value that was captured")));
        }
        let mut side = |text: &str| {
            let mut template = Template::default();
            template.append(text, names, scope, None, Around::Nothing).map(|()| template)
        };
        Ok(Self(Condition::Compare { left: side(left)?, relation, right: side(right)? }))
    }

    /// Whether the step is made. A value that was not captured is empty.
    pub(super) fn holds(&self, draws: &mut Draws, who: &mut Who<'_>) -> bool {
        match &self.0 {
            Condition::Share(share) => who.random.random_bool(*share),
            Condition::Compare { left, relation, right } => {
                let mut side = |template: &Template| {
                    let mut text = String::new();
                    template.render(draws, who, &mut text);
                    text
                };
                let (left, right) = (side(left), side(right));
                relation.holds(&left, &right)
            }
        }
    }
}

impl Compared {
    fn holds(self, left: &str, right: &str) -> bool {
        let order = match (Number::of_text(left), Number::of_text(right)) {
            (Some(left), Some(right)) => left.order(right),
            _ => left.cmp(right),
        };
        match self {
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The first sign outside of placeholders.
fn sign(text: &str) -> Option<(usize, &'static str, Compared)> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("{{") {
            at += rest.find("}}")? + 2;
            continue;
        }
        if let Some((sign, relation)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            return Some((at, sign, *relation));
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// A text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::scenario::captured::Captured;
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    fn holds(text: &str, captured: Option<&str>) -> bool {
        let mut names = Names { captures: vec!["x".to_owned()], ..Names::default() };
        names.captured.insert(0);
        let when = When::read(text, &mut names, &mut Scope::default()).unwrap();
        let mut kept = Captured::default();
        if let Some(value) = captured {
            kept.set(0, value, true);
        }
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let mut who = Who { user: 1, random: &mut random, tables: &[], run: 0, captured: &kept };
        when.holds(&mut Draws::default(), &mut who)
    }

    #[test]
    fn values_are_compared_as_numbers_where_both_are() {
        for (text, value, expected) in [
            ("{{x}} == paid", "paid", true),
            ("{{x}} == \"paid\"", "open", false),
            ("{{x}} != 'open'", "paid", true),
            ("{{x}} > 9", "10", true),
            ("{{x}} >= 10", "10.0", true),
            ("{{x}} < 9", "10", false),
            ("{{x}} <= a", "10", true),
            ("{{x}} == 9223372036854775807", "9223372036854775806", false),
            ("{{x}} < 9223372036854775807", "9223372036854775806", true),
            ("{{x}} == 0", "-0.0", true),
        ] {
            assert_eq!(holds(text, Some(value)), expected, "{text} with {value}");
        }
        assert!(holds("{{x}} == ''", None), "what was not captured is empty");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        let read = |text: &str| When::read(text, &mut Names::default(), &mut Scope::default()).unwrap_err().1;
        for text in ["", "paid", "{{uuid}}", "0%", "100%", "x%"] {
            assert!(read(text).contains("is not a condition"), "{text}: {}", read(text));
        }
        assert!(read("1 == 1").contains("always the same"));
        assert!(read("{{state}} == paid").contains("state is not known"));
        assert!(When::read("30%", &mut Names::default(), &mut Scope::default()).is_ok());
    }
}
