//! What charts are drawn on: its size, its margins, its letters.

use plotters::prelude::*;

/// Pixels of a drawing; the page scales it. Small enough that its letters can be read on a telephone.
pub(super) const SIZE: (u32, u32) = (520, 230);

/// The size of letters in it.
pub(super) const LETTERS: u32 = 14;

/// Pixels left of the data, for the labels of the y axis.
pub(super) const LEFT: u32 = 54;

/// Pixels right of the data.
pub(super) const RIGHT: u32 = 16;

/// Where a drawing goes.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// What can go wrong with it.
pub(super) type Drawn<'a> = Result<(), Box<dyn std::error::Error + 'a>>;
