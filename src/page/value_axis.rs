//! The value axis of a chart: how values are spread over the height, and how they are written.

/// The value axis of a chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueAxis {
    /// How values are spread.
    pub(super) scale: Scale,
    /// Between which all values lie.
    pub(super) bounds: Bounds,
    /// How a value is written.
    pub(super) format: fn(f64) -> String,
}

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// By their orders of magnitude.
    Logarithmic,
}

/// Values whose largest is more than so many times the smallest are spread by their orders of magnitude.
const WIDE: f64 = 30.0;

/// The smallest value above zero of a drawing, and its largest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    least: f64,
    most: f64,
}

impl Bounds {
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        Self { least: if least.is_finite() { least } else { 1.0 }, most: values.fold(0.0, f64::max) }
    }

    /// The scale on which the values can be told apart.
    pub(super) fn fitting_scale(self) -> Scale {
        if self.most / self.least > WIDE { Scale::Logarithmic } else { Scale::Linear }
    }
}

impl ValueAxis {
    /// The first and the last place of the axis, with a margin above the largest value, and how many labels it has at most.
    pub(super) fn range(&self, margin: f64) -> (f64, f64, usize) {
        let Bounds { least, most } = self.bounds;
        match self.scale {
            Scale::Linear => (0.0, if most > 0.0 { most * (1.0 + margin) } else { 1.0 }, 5),
            Scale::Logarithmic => {
                let (low, high) = (least.log10().floor(), most.log10().ceil());
                (low, high.max(low + 1.0), (high - low).max(1.0) as usize + 1)
            }
        }
    }
}

impl Scale {
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Logarithmic => 10_f64.powf(place),
        }
    }
}
