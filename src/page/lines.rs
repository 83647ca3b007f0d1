//! Line charts over an x axis.

use plotters::prelude::*;
use plotters::style::Color as _;

use super::canvas::{Area, Drawn, LEFT, LETTERS, RIGHT};
use super::color::Color;
use super::value_axis::ValueAxis;
use crate::units;

/// The x axis of a line chart.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The smallest x value.
    pub from: f64,
    /// The largest x value.
    pub to: f64,
    /// The most labels.
    pub labels: usize,
    /// Formats an x value.
    pub format: fn(f64) -> String,
}

impl Axis {
    /// An axis of seconds, from 0 to `to`.
    pub fn seconds(to: f64) -> Self {
        Self { from: 0.0, to, labels: 7, format: clock }
    }

    /// An axis of plain numbers with at most three digits.
    pub fn numbers(from: f64, to: f64) -> Self {
        Self { from, to, labels: 7, format: units::significant_short }
    }
}

/// One line, which is broken where it has no value.
#[derive(Clone, Debug)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// The color of the line.
    pub color: Color,
    /// Whether the area under the line is filled.
    pub filled: bool,
    /// The points as x and y; y is None where there is no value.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Places on the x axis at which something was changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Divisions {
    /// The name in the legend.
    pub(super) name: String,
    pub(super) places: Vec<f64>,
}

impl Divisions {
    pub(super) const COLOR: Color = Color::Text;
}

/// Stretches of the x axis in which something special was the case.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The name in the legend.
    pub(super) name: String,
    /// From and to.
    pub(super) stretches: Vec<(f64, f64)>,
}

impl Marks {
    pub(super) const COLOR: Color = Color::Bad;

    /// The share of the axis that a mark fills at least, so that it can be seen.
    const NARROWEST: f64 = 0.004;
}

/// A time in seconds, as short as possible: `0.5s`, `90s`, `2:05`, `2:00h`.
fn clock(seconds: f64) -> String {
    match seconds.round() as u64 {
        _ if seconds < 10.0 && seconds.fract() > 0.0 => format!("{seconds:.1}s"),
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7_200 => format!("{}:{:02}", seconds / 60, seconds % 60),
        seconds => format!("{}:{:02}h", seconds / 3_600, seconds / 60 % 60),
    }
}

/// The room of a drawing beside its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Pixels above the data.
    pub(super) top: u32,
    /// The most labels of both axes; None for as many as fit the chart.
    pub(super) labels: Option<usize>,
}

impl Room {
    /// That of a chart of its own.
    pub(super) const WHOLE: Self = Self { top: 10, labels: None };
}

/// The share by which the axis goes beyond the largest value.
const MARGIN: f64 = 0.08;

pub(super) fn draw<'a>(
    value_axis: &ValueAxis,
    axis: &Axis,
    series: &[Series],
    (marks, divisions): (&Marks, &Divisions),
    room: Room,
    area: &Area<'a>,
) -> Drawn<'a> {
    let scale = value_axis.scale;
    let (low, high, y_labels) = value_axis.range(MARGIN);
    let mut drawn = ChartBuilder::on(area)
        .margin_top(room.top)
        .margin_right(RIGHT)
        .x_label_area_size(26)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(axis.from..axis.to.max(axis.from + 1e-9), low..high)?;
    let color = |color: Color| color.stand_in();
    drawn
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(color(Color::Grid))
        .axis_style(color(Color::Grid))
        .label_style(("sans-serif", LETTERS).into_font().color(&color(Color::Text)))
        .x_labels(room.labels.unwrap_or(axis.labels))
        .y_labels(room.labels.unwrap_or(y_labels))
        .x_label_formatter(&|x| value_axis.language.number(&(axis.format)(*x)))
        .y_label_formatter(&|place| value_axis.write(scale.value(*place)))
        .draw()?;
    let narrowest = Marks::NARROWEST * (axis.to - axis.from);
    drawn.draw_series(marks.stretches.iter().map(|(from, to)| {
        let corners = [(*from, low), (to.max(from + narrowest).min(axis.to), high)];
        Rectangle::new(corners, color(Marks::COLOR).mix(0.25).filled())
    }))?;
    drawn.draw_series(
        divisions
            .places
            .iter()
            .filter(|place| **place <= axis.to)
            .map(|place| PathElement::new([(*place, low), (*place, high)], color(Divisions::COLOR).stroke_width(1))),
    )?;
    for line in series {
        let stroke = color(line.color);
        for part in line.points.split(|(_, value)| value.is_none()) {
            let places = part.iter().filter_map(|(x, value)| Some((*x, scale.place((*value)?).max(low))));
            if line.filled {
                drawn.draw_series(AreaSeries::new(places.clone(), low, stroke.mix(0.15)))?;
            }
            if let [(x, Some(value))] = part {
                // A line of one point would not be visible.
                drawn.draw_series([Circle::new((*x, scale.place(*value).max(low)), 2, stroke.filled())])?;
            } else {
                drawn.draw_series(LineSeries::new(places, stroke.stroke_width(2)))?;
            }
        }
    }
    Ok(())
}
