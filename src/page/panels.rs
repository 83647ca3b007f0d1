//! Several lines over one axis, each in a panel of its own with the others faintly behind it: small multiples. Lines that
//! would cover each other in one drawing are told apart, also in black and white.

use plotters::prelude::*;

use super::canvas::{Area, Drawn, LEFT, LETTERS, PANEL_HEIGHT, SIZE};
use super::color::Color;
use super::lines::{self, Axis, Divisions, Marks, Room, Series};
use super::value_axis::ValueAxis;
use crate::units::printable;

/// The panels beside each other.
const COLUMNS: usize = 2;

/// The room of a panel: its name stands above the data.
const ROOM: Room = Room { top: 24, labels: Some(4) };

/// The size in pixels of a drawing with this many lines.
pub(super) fn size(series: usize) -> (u32, u32) {
    (SIZE.0, rows(series) as u32 * PANEL_HEIGHT)
}

fn rows(series: usize) -> usize {
    series.div_ceil(COLUMNS).max(1)
}

pub(super) fn draw<'a>(value_axis: &ValueAxis, axis: &Axis, series: &[Series], area: &Area<'a>) -> Drawn<'a> {
    let panels = area.split_evenly((rows(series.len()), COLUMNS));
    for (panel, (place, own)) in panels.iter().zip(series.iter().enumerate()) {
        let others = series.iter().enumerate().filter(|(other, _)| *other != place);
        let faint = others.map(|(_, line)| Series { color: Color::Grid, filled: false, ..line.clone() });
        let own_color = Series { color: Color::Series(0), ..own.clone() };
        let layers: Vec<Series> = faint.chain([own_color]).collect();
        lines::draw(value_axis, axis, &layers, (&Marks::default(), &Divisions::default()), ROOM, panel)?;
        let letters = ("sans-serif", LETTERS).into_font().color(&Color::Text.stand_in());
        panel.draw(&Text::new(printable(&own.name).into_owned(), (LEFT as i32, 6), letters))?;
    }
    Ok(())
}
