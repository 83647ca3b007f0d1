//! Comparisons as people write them: `<200ms`, `p95 <= 1.5s`, `rps>500`.

/// How a value has to stand to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Relation {
    /// Takes a text apart at its first comparison: what stands before it, and the limit behind it, both without spaces
    /// around them. None if it contains no comparison.
    pub fn split(text: &str) -> Option<(&str, Self, &str)> {
        let at = text.find(['<', '>'])?;
        let (before, sign, behind) = (&text[..at], &text[at..=at], &text[at + 1..]);
        let (or_equal, limit) = behind.strip_prefix('=').map_or((false, behind), |limit| (true, limit));
        let relation = match (sign, or_equal) {
            ("<", false) => Self::Below,
            ("<", true) => Self::AtMost,
            (_, false) => Self::Above,
            (_, true) => Self::AtLeast,
        };
        Some((before.trim(), relation, limit.trim()))
    }

    /// Whether the limit is one that may not be exceeded.
    pub fn is_most(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }

    /// Whether a value stands to the limit as it has to.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_taken_apart_and_holds_as_it_is_written() {
        for (text, apart, held) in [
            ("p95 < 2", ("p95", Relation::Below, "2"), [true, false, false]),
            ("<=2", ("", Relation::AtMost, "2"), [true, true, false]),
            (" a>b > 2", ("a", Relation::Above, "b > 2"), [false, false, true]),
            ("rps >= 2 ", ("rps", Relation::AtLeast, "2"), [false, true, true]),
        ] {
            assert_eq!(Relation::split(text), Some(apart), "{text}");
            assert_eq!([1.0, 2.0, 3.0].map(|value| apart.1.holds(value, 2.0)), held, "{text}");
        }
        assert_eq!(Relation::split("failures==0"), None);
        assert_eq!([Relation::AtMost, Relation::AtLeast].map(Relation::is_most), [true, false]);
    }
}
