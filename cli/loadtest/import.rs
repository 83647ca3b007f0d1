//! `loadtest --import FILE --print-scenario`: makes a scenario of another document and prints it.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use storemgr::loadtest::import;
use storemgr::process::{self, Exit};
use storemgr::units;

use crate::failure::{CommandResult, Failure};
use crate::output;

/// The largest document that is read.
const MOST_BYTES: u64 = 256 << 20;

/// Prints the scenario on standard output, and on standard error what its author has to know.
pub(super) fn print(path: &Path) -> CommandResult {
    let text = read(path).map_err(Failure::usage)?;
    let name = path.display();
    let imported =
        import(&text).with_context(|| format!("no scenario can be made of {name}")).map_err(Failure::usage)?;
    output::write(imported.text.as_bytes())?;
    if imported.left_out > 0 {
        let count = units::count(imported.left_out as u64);
        process::tell(&format!("Not carried over: {count}; look for \"left out\" in the scenario."));
    }
    if !imported.variables.is_empty() {
        process::tell(&format!("Set in the environment before it is run: {}.", imported.variables.join(", ")));
    }
    Ok(Exit::Good)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let whole = |reader: &mut dyn Read| {
        let mut text = String::new();
        reader.take(MOST_BYTES).read_to_string(&mut text).map(|_| text)
    };
    let text = if path == Path::new("-") {
        whole(&mut std::io::stdin().lock())
    } else {
        std::fs::File::open(path).and_then(|mut file| whole(&mut file))
    };
    text.with_context(|| format!("{} cannot be read", path.display()))
}
