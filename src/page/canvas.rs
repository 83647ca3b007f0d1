//! The canvas of charts: its size, margins and letters.

use plotters::prelude::*;

/// The size of a drawing in pixels; the page scales it. It is small enough for its letters to be readable on a
/// telephone.
pub(super) const SIZE: (u32, u32) = (520, 230);

/// The height of a panel where a drawing has several, two beside each other.
pub(super) const PANEL_HEIGHT: u32 = 112;

/// The size of letters in pixels.
pub(super) const LETTERS: u32 = 14;

/// The pixels to the left of the data, for the labels of the y axis.
pub(super) const LEFT: u32 = 54;

/// The pixels to the right of the data.
pub(super) const RIGHT: u32 = 16;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

pub(super) type Drawn<'a> = Result<(), Box<dyn std::error::Error + 'a>>;
