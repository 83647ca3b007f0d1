//! The table of processor time and memory by instance.

use super::cells::{NOTHING, zero_is_good};
use crate::report::Report;
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;
use crate::units;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Instance"), Left),
        (text!("Processor time"), Right),
        (text!("Processors"), Right),
        (text!("Memory, peak"), Right),
        (text!("Memory, last"), Right),
        (text!("Restarts"), Right),
    ];
    let mut table = Table::new(text!("Processor and memory"), &columns);
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    for process in &report.processes {
        table.toned_row([
            (process.instance.clone(), Tone::Plain),
            (or_nothing(process.cpu_seconds.map(|seconds| format!("{} s", units::significant(seconds)))), Tone::Plain),
            (or_nothing(process.cpu_cores.map(units::significant)), Tone::Plain),
            (or_nothing(process.memory_peak_bytes.map(units::bytes)), Tone::Plain),
            (or_nothing(process.memory_last_bytes.map(units::bytes)), Tone::Plain),
            (units::count(process.restarts), zero_is_good(process.restarts)),
        ]);
    }
    table
}
