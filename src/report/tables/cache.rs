//! The table of look-ups in the report cache.

use super::cells::{NOTHING, zero_is_good};
use crate::report::Report;
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Cache"), Left),
        (text!("Hit"), Right),
        (text!("Stale"), Right),
        (text!("Miss"), Right),
        (text!("Error"), Right),
        (text!("From cache"), Right),
    ];
    let mut table = Table::new(text!("Report cache"), &columns);
    for cache in report.caches.iter().filter(|cache| cache.hit_ratio.is_some()) {
        table.toned_row([
            (cache.cache.clone(), Tone::Plain),
            (units::count(cache.hit), Tone::Plain),
            (units::count(cache.stale), Tone::Plain),
            (units::count(cache.miss), Tone::Plain),
            (units::count(cache.error), zero_is_good(cache.error)),
            (cache.hit_ratio.map_or_else(|| NOTHING.to_owned(), units::percent), Tone::Plain),
        ]);
    }
    table
}
