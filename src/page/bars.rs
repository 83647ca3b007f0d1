//! Bar charts over names, with the names below and, where there is room, the values above the bars. A dash stands for a value
//! that is not known.

use std::borrow::Cow;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Area, Drawn, LEFT, LETTERS, RIGHT, SIZE};
use super::color::Color;
use super::value_axis::ValueAxis;

/// One group of bars, with a bar for each name of the chart.
#[derive(Clone, Debug)]
pub struct Bars {
    /// The name of the group in the legend.
    pub name: String,
    /// The color of the bars.
    pub color: Color,
    /// Their values, in the order of the names; None where a value is not known.
    pub values: Vec<Option<f64>>,
}

/// The share of a name's width that its bars take.
const FILLED: f64 = 0.78;

/// The width of an average letter in pixels, since no font is known here.
const LETTER_WIDTH: f64 = 5.8;

/// The distance between the lines of a name in pixels.
const LINE_HEIGHT: u32 = 15;

/// The most lines of a name.
const LINES: usize = 3;

/// The least width of a name in pixels. With less, some names are left out.
const NARROWEST: f64 = 42.0;

/// The width in pixels that a value above its bar needs.
const VALUE_WIDTH: f64 = 34.0;

/// The coordinate system in which bars are drawn.
type Plane<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The share by which the axis goes beyond the largest value, to leave room for its text.
const MARGIN: f64 = 0.18;

pub(super) fn draw<'a>(value_axis: &ValueAxis, names: &[String], groups: &[Bars], area: &Area<'a>) -> Drawn<'a> {
    let scale = value_axis.scale;
    let (low, high, y_labels) = value_axis.range(MARGIN);
    let width = width(names.len());
    let named_every = (NARROWEST / width).ceil().max(1.0) as usize;
    let letters = (width * named_every as f64 / LETTER_WIDTH) as usize;
    let names: Vec<Vec<String>> = names.iter().map(|name| wrapped(name, letters)).collect();
    let lines = names.iter().map(Vec::len).max().unwrap_or(1) as u32;
    let mut drawn = ChartBuilder::on(area)
        .margin_top(10)
        .margin_right(RIGHT)
        .x_label_area_size(10 + LINE_HEIGHT * lines)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(0.0..names.len().max(1) as f64, low..high)?;
    let grid = Color::Grid.stand_in();
    drawn
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(grid)
        .axis_style(grid)
        .label_style(("sans-serif", LETTERS).into_font().color(&Color::Text.stand_in()))
        .x_labels(0)
        .y_labels(y_labels)
        .y_label_formatter(&|place| value_axis.write(scale.value(*place)))
        .draw()?;
    for (group, place) in groups.iter().zip(0..) {
        draw_group(value_axis, group, (place, groups.len() as u32), names.len(), &mut drawn, area)?;
    }
    for (lines, name) in names.iter().zip(0_u32..).step_by(named_every) {
        let (x, y) = drawn.plotting_area().map_coordinate(&(f64::from(name) + 0.5, low));
        for (line, row) in lines.iter().zip(0_u32..) {
            area.draw(&Text::new(line.as_str(), (x, y + 6 + (LINE_HEIGHT * row) as i32), style(VPos::Top)))?;
        }
    }
    Ok(())
}

/// Draws the bars of one group, which is number `place` of `groups`, with their values where there is room.
fn draw_group<'a>(
    value_axis: &ValueAxis,
    group: &Bars,
    (place, groups): (u32, u32),
    names: usize,
    drawn: &mut Plane<'_, 'a>,
    area: &Area<'a>,
) -> Drawn<'a> {
    let low = drawn.y_range().start;
    let bar = FILLED / f64::from(groups.max(1));
    let written = bar * width(names) >= VALUE_WIDTH;
    for (value, name) in group.values.iter().take(names).zip(0_u32..) {
        let left = f64::from(name) + (1.0 - FILLED) / 2.0 + bar * f64::from(place);
        let top = value.map_or(low, |value| value_axis.scale.place(value).max(low));
        // Leaves a little space between neighbours.
        let corners = [(left + bar * 0.03, low), (left + bar * 0.97, top)];
        let bar_of = |_| Rectangle::new(corners, group.color.stand_in().mix(opacity(place)).filled());
        drawn.draw_series(value.map(bar_of))?;
        if written || value.is_none() {
            let text = value.map_or_else(|| "–".to_owned(), |value| value_axis.write(value));
            let (x, y) = drawn.plotting_area().map_coordinate(&(left + bar / 2.0, top));
            area.draw(&Text::new(text, (x, y - 3), style(VPos::Bottom)))?;
        }
    }
    Ok(())
}

/// How dense the bars of a group are: less for each further group, so that groups differ without their colors as well.
pub(super) fn opacity(place: u32) -> f64 {
    [1.0, 0.55, 0.3].get(place as usize).copied().unwrap_or(0.2)
}

/// The width of each name in pixels.
fn width(names: usize) -> f64 {
    f64::from(SIZE.0 - LEFT - RIGHT) / names.max(1) as f64
}

fn style(below_or_above: VPos) -> TextStyle<'static> {
    let letters = ("sans-serif", LETTERS - 1).into_font().color(&Color::Text.stand_in());
    letters.pos(Pos::new(HPos::Center, below_or_above))
}

/// Wraps a name into lines of at most `letters` letters, between words where possible, and cuts off what does not fit.
fn wrapped(name: &str, letters: usize) -> Vec<String> {
    let letters = letters.max(1);
    let options = textwrap::Options::new(letters).word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(name, options).into_iter().filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(Cow::into_owned).collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            *last = last.chars().take(letters - 1).chain(['…']).collect();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_between_words_and_cut_where_there_is_no_room() {
        assert_eq!(wrapped("one query per order", 9), ["one query", "per order"]);
        assert_eq!(wrapped("connections", 6), ["connec", "tions"]);
        assert_eq!(wrapped("a name that is far too long", 6), ["a name", "that", "is fa…"]);
        assert_eq!(wrapped("", 6), Vec::<String>::new());
    }
}
