//! The values of a chart in words: shown where the pointer is, for each press of an arrow key, and as a table behind the chart.
//!
//! It works without a script: a slice of the drawing has its values as a title, which browsers show beside the pointer; a
//! group of radio buttons, of which one is chosen by the arrow keys, has them as its labels; and a table that can be opened
//! has all of them, also for who cannot see the drawing.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::canvas::{LEFT, RIGHT};
use super::lines::{Axis, Series};
use crate::text;
use crate::units::{Language, escaped};

/// The most readings of a chart: a slice is then as wide as a pointer can be held on.
const MOST_READINGS: usize = 60;

/// The pixels below the data.
const BELOW: u32 = 26;

/// The pixels above the data.
const ABOVE: u32 = 10;

/// The values at one place of the axis, in words.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    /// The place itself; None for a name.
    at: Option<f64>,
    place: String,
    /// A value for each series; a dash where there is none.
    values: Vec<String>,
}

/// The readings of a chart.
#[derive(Clone, Debug)]
pub(super) struct Readings<'a> {
    names: Vec<&'a str>,
    all: Vec<Reading>,
    language: Language,
}

const NOTHING: &str = "–";

impl<'a> Readings<'a> {
    /// Those of lines over an axis. `write` writes a value.
    pub(super) fn of_lines(
        axis: &Axis,
        series: &'a [Series],
        write: impl Fn(f64) -> String,
        language: Language,
    ) -> Self {
        let mut places: Vec<f64> = series.iter().flat_map(|line| line.points.iter().map(|(x, _)| *x)).collect();
        places.retain(|x| *x >= axis.from && *x <= axis.to && !(axis.format)(*x).is_empty());
        places.sort_by(f64::total_cmp);
        let narrowest = (axis.to - axis.from) / MOST_READINGS as f64;
        places.dedup_by(|later, before| *later - *before < narrowest * 0.999);
        let value = |line: &Series, x: f64| nearest(line, x, narrowest).map_or_else(|| NOTHING.to_owned(), &write);
        let reading = |x: f64| Reading {
            at: Some(x),
            place: language.number(&(axis.format)(x)),
            values: series.iter().map(|line| value(line, x)).collect(),
        };
        let readings = places.into_iter().map(reading).filter(Reading::says_something).collect();
        Self { names: series.iter().map(|line| line.name.as_str()).collect(), all: readings, language }
    }

    /// Those of bars over names.
    pub(super) fn of_bars(
        names: &[String],
        groups: impl Iterator<Item = (&'a str, &'a [Option<f64>])>,
        write: impl Fn(f64) -> String,
        language: Language,
    ) -> Self {
        let groups: Vec<_> = groups.collect();
        let value = |values: &[Option<f64>], place: usize| {
            values.get(place).copied().flatten().map_or_else(|| NOTHING.to_owned(), &write)
        };
        let reading = |(place, name): (usize, &String)| Reading {
            at: None,
            place: name.clone(),
            values: groups.iter().map(|(_, values)| value(values, place)).collect(),
        };
        let readings = names.iter().enumerate().map(reading).collect();
        Self { names: groups.iter().map(|(name, _)| *name).collect(), all: readings, language }
    }

    /// The slices of the drawing with their titles, as elements of it.
    pub(super) fn slices(&self, axis: &Axis, (width, height): (u32, u32)) -> String {
        let room = f64::from(width - LEFT - RIGHT);
        let pixel = |x: f64| f64::from(LEFT) + room * (x - axis.from) / (axis.to - axis.from).max(1e-9);
        let places: Vec<f64> = self.all.iter().filter_map(|reading| reading.at).map(pixel).collect();
        let (left, right) = (f64::from(LEFT), f64::from(LEFT) + room);
        let slice = |(number, reading): (usize, &Reading)| {
            let between = |one: usize, other: usize| Some(f64::midpoint(*places.get(one)?, *places.get(other)?));
            let from = number.checked_sub(1).and_then(|before| between(before, number)).unwrap_or(left);
            let to = between(number, number + 1).unwrap_or(right);
            format!(
                "<g class=\"reading\"><title>{}</title><rect x=\"{from:.1}\" y=\"{ABOVE}\" width=\"{:.1}\" height=\"{}\" fill=\"none\" \
                 pointer-events=\"all\"/></g>\n",
                escaped(&self.sentence(reading)),
                (to - from).max(0.1),
                height - ABOVE - BELOW,
            )
        };
        self.all.iter().enumerate().map(slice).collect()
    }

    /// The group that the arrow keys go through, and the table.
    pub(super) fn behind(&self, title: &str) -> String {
        if self.all.is_empty() {
            return String::new();
        }
        // Two charts of one title are two groups.
        let mut hasher = DefaultHasher::new();
        (title, self.all.iter().map(|reading| &reading.values).collect::<Vec<_>>()).hash(&mut hasher);
        let group = hasher.finish();
        let keys = self.all.iter().map(|reading| {
            let sentence = escaped(&self.sentence(reading));
            format!("<label><input type=\"radio\" name=\"r{group:x}\"><span>{sentence}</span></label>\n")
        });
        let keys: String = keys.collect();
        let title = escaped(title);
        format!("<div class=\"readings\" role=\"radiogroup\" aria-label=\"{title}\">\n{keys}</div>\n{}", self.table())
    }

    fn table(&self) -> String {
        let cell = |text: &String| format!("<td class=\"number\">{}</td>", escaped(text));
        let row = |reading: &Reading| {
            let cells: String = reading.values.iter().map(cell).collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escaped(&reading.place))
        };
        let heads: String = self.names.iter().map(|name| format!("<th scope=\"col\">{}</th>", escaped(name))).collect();
        let rows: String = self.all.iter().map(row).collect();
        format!(
            "<details class=\"values\"><summary>{}</summary><div class=\"table\"><table>\n<thead><tr><td></td>{heads}</tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table></div></details>\n",
            escaped(self.language.text(text!("Values")))
        )
    }

    fn sentence(&self, reading: &Reading) -> String {
        let values = self.names.iter().zip(&reading.values).map(|(name, value)| format!("{name} {value}"));
        format!("{}{} {}", reading.place, self.language.colon(), values.collect::<Vec<_>>().join(", "))
    }
}

impl Reading {
    fn says_something(&self) -> bool {
        self.values.iter().any(|value| value != NOTHING)
    }
}

/// The value of a line at the place that is nearest to another, if it is near enough.
fn nearest(line: &Series, x: f64, near: f64) -> Option<f64> {
    let after = line.points.partition_point(|(place, _)| *place < x);
    let around = [after.checked_sub(1).and_then(|before| line.points.get(before)), line.points.get(after)];
    let nearest = around.into_iter().flatten().min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()))?;
    ((nearest.0 - x).abs() <= near).then_some(nearest.1).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::color::Color;
    use super::*;

    fn series(name: &str, points: impl Iterator<Item = (f64, Option<f64>)>) -> Series {
        Series { name: name.to_owned(), color: Color::Series(0), filled: false, points: points.collect() }
    }

    #[test]
    fn the_values_at_an_instant_are_read_together() {
        let every_second = (1..=5).map(|second| (f64::from(second), Some(f64::from(10 * second))));
        let with_a_gap = (1..=5).map(|second| (f64::from(second), (second != 3).then_some(1.5)));
        let lines = [series("p50", every_second), series("<p95>", with_a_gap)];
        let axis = Axis::seconds(5.0);
        let readings = Readings::of_lines(&axis, &lines, |value| value.to_string(), Language::English);
        let said: Vec<_> = readings.all.iter().map(|reading| readings.sentence(reading)).collect();
        assert_eq!(said[1..3], ["2s: p50 20, <p95> 1.5", "3s: p50 30, <p95> –"]);
        let slices = readings.slices(&axis, (520, 230));
        assert_eq!(slices.matches("<title>").count(), 5);
        assert!(slices.contains("2s: p50 20, &lt;p95&gt; 1.5"), "{slices}");
        let behind = readings.behind("Times");
        assert!(
            behind.contains("<th scope=\"row\">3s</th><td class=\"number\">30</td><td class=\"number\">–</td>"),
            "{behind}"
        );
        assert_eq!(behind.matches("type=\"radio\"").count(), 5);
    }

    #[test]
    fn a_long_run_has_as_many_readings_as_can_be_pointed_at() {
        let long = (1..=2_000).map(|second| (f64::from(second), Some(1.0)));
        let lines = [series("users", long)];
        let readings =
            Readings::of_lines(&Axis::seconds(2_000.0), &lines, |value| value.to_string(), Language::English);
        assert!((50..=MOST_READINGS + 1).contains(&readings.all.len()), "{}", readings.all.len());
    }
}
