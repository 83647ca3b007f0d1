//! A store as a student may write it, in Python.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Serves until it is dropped: the program ends when its standard input does.
pub struct StudentStore {
    process: Child,
    pub url: String,
}

impl StudentStore {
    /// Starts the program, whose first line is the port on which it listens.
    pub fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.expect("a Python with the tools of the tests, which ops/install --tests installs");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, url: format!("http://127.0.0.1:{}", port.trim()) }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The one that keeps everything in its memory.
    pub fn in_memory() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/student_store.py");
        Self::start(Command::new("python3").arg(program))
    }
}

impl Drop for StudentStore {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}
