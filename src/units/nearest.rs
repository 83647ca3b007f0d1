//! The known word that a misspelt one was meant to be.

/// The known word that is closest, if it is close enough to be meant: one slip in a short word, two in a long one.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let allowed = if word.len() < 6 { 1 } else { 2 };
    let distances = known.iter().map(|other| (strsim::osa_distance(word, other), *other));
    distances.filter(|(distance, _)| *distance <= allowed && *distance > 0).min().map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        for (word, meant) in [
            ("enviroment", Some("environment")),
            ("prots", Some("ports")),
            ("redis", None),
            ("ports", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, &["environment", "ports", "links"]), meant, "{word}");
        }
    }
}
