//! Charts of distributions of response times.

use std::time::Duration;

use crate::page::{Axis, Chart, Color, Series};
use crate::stats::Latencies;
use crate::units::{self, Language};
use crate::{say, text};

/// The title: what is shown, and its unit.
const TITLE: &str = text!("Response times by the share of good answers that took no longer, milliseconds");

/// The name of the curve of failed requests.
const FAILED: &str = text!("failed requests");

/// Draws the share of good answers that took no longer than a time, on an axis that gives each further nine (90 %, 99 %,
/// 99.9 %) the same width, as HdrHistogram's own plots do: slow requests are few, and are what users remember. One
/// curve for each name, as far as there are colors.
pub fn distribution(times: impl IntoIterator<Item = (String, Latencies)>, language: Language) -> Chart {
    drawn(language.text(TITLE), times, &Latencies::default(), language)
}

/// Draws the good answers of each route of a run, and the failed requests of all routes together. When there are more
/// routes than colors, only the busiest ones and all good answers together are drawn, and the title says how many routes
/// are not.
pub(super) fn of_routes(mut routes: Vec<(String, Latencies)>, failed: &Latencies, language: Language) -> Chart {
    routes.retain(|(_, times)| times.count() > 0);
    let colors = usize::from(Color::SERIES);
    if routes.len() <= colors {
        return drawn(language.text(TITLE), routes, failed, language);
    }
    let mut all = Latencies::default();
    for (_, times) in &routes {
        all.merge(times);
    }
    // The sort is stable: equally busy routes stay in the order of the scenario.
    routes.sort_by_key(|(_, times)| std::cmp::Reverse(times.count()));
    let left_out = routes.len() - (colors - 1);
    routes.truncate(colors - 1);
    routes.push((language.text(text!("all")).to_owned(), all));
    let title = say!(
        language,
        "{title}; the {count} least busy routes are not drawn, but counted in “all”",
        title = language.text(TITLE),
        count = left_out
    );
    drawn(&title, routes, failed, language)
}

fn drawn(
    title: &str,
    times: impl IntoIterator<Item = (String, Latencies)>,
    failed: &Latencies,
    language: Language,
) -> Chart {
    let times: Vec<_> = times.into_iter().filter(|(_, times)| times.count() > 0).collect();
    let most =
        times.iter().map(|(_, times)| times.count()).chain([failed.count()]).max().unwrap_or_default().max(10) as f64;
    let colors = (0..Color::SERIES).map(Color::Series);
    let good = times.into_iter().zip(colors).map(|((name, times), color)| curve(name, color, &times));
    let failed = (failed.count() > 0).then(|| curve(language.text(FAILED).to_owned(), Color::Bad, failed));
    let series = good.chain(failed).collect();
    let axis = Axis { from: 0.0, to: most.log10().min(5.0), labels: 6, format: share };
    Chart::lines(title, axis, series).on_fitting_scale().in_language(language)
}

/// A position on the axis of nines, as a percentage.
fn share(nines: f64) -> String {
    match nines {
        whole if whole.fract().abs() < 1e-9 => match whole as u32 {
            0 => "0%".to_owned(),
            1 => "90%".to_owned(),
            2 => "99%".to_owned(),
            more => format!("99.{}%", "9".repeat(more as usize - 2)),
        },
        // A position between two nines has no common name.
        _ => String::new(),
    }
}

/// The number of points of a curve for each further nine.
const STEPS_PER_NINE: u32 = 40;

fn curve(name: String, color: Color, times: &Latencies) -> Series {
    let steps = match times.count() {
        0 => 0,
        count => 1 + ((count as f64).log10().min(5.0) * f64::from(STEPS_PER_NINE)) as u32,
    };
    let point = |step: u32| {
        let nines = f64::from(step) / f64::from(STEPS_PER_NINE);
        let percent = 100.0 * (1.0 - 10_f64.powf(-nines));
        (nines, times.percentile(percent).map(|time| units::milliseconds(time.max(Duration::from_micros(1)))))
    };
    Series { name, color, filled: false, points: (0..steps).map(point).collect() }
}
