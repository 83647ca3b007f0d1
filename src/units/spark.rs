//! Sparklines: values as one row of text.

/// The characters from the lowest to the highest value.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Writes a character for each value: the highest for the largest value, a space for a missing one. Zero is always at
/// the bottom, so that values that hardly change give a flat line.
pub fn sparkline(values: impl IntoIterator<Item = Option<f64>> + Clone) -> String {
    let most = values.clone().into_iter().flatten().fold(0.0, f64::max);
    let height = |value: f64| {
        let share = if most > 0.0 { value / most } else { 0.0 };
        HEIGHTS[((share * (HEIGHTS.len() - 1) as f64).round() as usize).min(HEIGHTS.len() - 1)]
    };
    values.into_iter().map(|value| value.map_or(' ', height)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_the_highest_and_nothing_is_a_gap() {
        assert_eq!(sparkline([Some(0.0), Some(1.0), Some(3.5), None, Some(7.0)]), "▁▂▅ █");
        assert_eq!(sparkline([Some(0.0), Some(0.0)]), "▁▁");
        assert_eq!(sparkline([]), "");
    }
}
