//! CSV files of a scenario that are large or broken.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::answers::to_its_end;
use super::{Behaviour, Server};
use crate::harness::{command, run_command};

/// Writes a scenario that sends the cells of `numbers.csv` beside it, and gives the arguments of a short run of it.
fn arguments(folder: &Path, host: &str) -> Vec<String> {
    let scenario = folder.join("scenario.toml");
    let text = "name = 'x'\nthink_time = '50ms'\n[csv]\nnumbers = 'numbers.csv'\n\
        [[task]]\nname = 't'\npath = '/{{csv.numbers.id}}'";
    std::fs::write(&scenario, text).unwrap();
    let arguments = ["loadtest", "-H", host, "-u", "2", "-r", "1000", "-t", "500ms", "--quiet", "--scenario"];
    arguments.iter().map(|word| (*word).to_owned()).chain([scenario.to_str().unwrap().to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn millions_of_short_rows_take_little_more_memory_than_the_file() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Answer(Duration::ZERO)).await);
    let mut rows = String::from("id\n");
    (0..4_000_000).for_each(|row| writeln!(rows, "{row:08}").unwrap());
    std::fs::write(folder.path().join("numbers.csv"), &rows).unwrap();
    let file_mib = rows.len() as u64 >> 20;
    drop(rows);
    let arguments = arguments(folder.path(), &server.target.to_string());
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (output, memory_mib) = to_its_end(command(&arguments, &[]).spawn().unwrap()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(server.asked() > 0);
    // The place of each cell takes four bytes, and the program and its threads some 20 MiB.
    assert!(memory_mib < 2 * file_mib + 40, "{memory_mib} MiB for a file of {file_mib} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_is_never_closed_is_refused_with_its_line() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Answer(Duration::ZERO)).await);
    let mut rows = String::from("id\n1\n2\n\"3\n");
    (4..10_000).for_each(|row| writeln!(rows, "{row}").unwrap());
    std::fs::write(folder.path().join("numbers.csv"), rows).unwrap();
    let arguments = arguments(folder.path(), &server.target.to_string());
    let ran = run_command(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await;
    let told = "numbers.csv, line 4, has a quote that is never closed: close it, or write two for one in a cell";
    assert!(ran.code == 2 && ran.stderr.contains(told), "{ran:?}");
    assert_eq!(server.asked(), 0, "nothing was sent");
}
