//! The binary under test on a real pseudo-terminal, whose screen is kept by a terminal emulator. Like most terminals, it breaks
//! lines again when it becomes narrower.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Child;

use super::command;

/// A terminal on whose standard error a command runs.
pub struct OnTerminal {
    master: File,
    emulator: Arc<Mutex<avt::Terminal>>,
    child: Child,
}

impl OnTerminal {
    /// Starts the binary under test on a terminal of this size, which already shows a line.
    pub fn start((columns, rows): (u16, u16), line: &str, arguments: &[&str]) -> Self {
        let master = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        set_size(&master, columns, rows);
        let mut emulator = avt::Terminal::with_scrollback(columns.into(), rows.into(), None).unwrap();
        emulator.feed(line);
        emulator.feed("\r\n");
        let emulator = Arc::new(Mutex::new(emulator));
        let mut command = command(arguments, &[("TERM", "xterm-256color".to_owned())]);
        let child = command.stdout(Stdio::null()).stderr(slave).spawn().unwrap();
        let (mut output, shown) = (master.try_clone().unwrap(), Arc::clone(&emulator));
        std::thread::spawn(move || {
            let (mut buffer, mut text) = ([0; 4_096], Vec::new());
            // The end of the child is an error here: its side of the terminal is closed.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                text.extend_from_slice(&buffer[..count]);
                // A letter may be cut in two.
                let whole = text.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
                shown.lock().unwrap().feed(std::str::from_utf8(&text[..whole]).unwrap());
                text.drain(..whole);
            }
        });
        Self { master, emulator, child }
    }

    /// Changes the size, as somebody does who drags the window or types `stty cols`.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.emulator.lock().unwrap().resize(columns.into(), rows.into());
        set_size(&self.master, columns, rows);
    }

    /// The lines of the screen and of what was scrolled out of it, up to the last one that is not empty.
    pub fn text(&self) -> String {
        let emulator = self.emulator.lock().unwrap();
        let lines: Vec<_> = emulator.screen().all_lines().map(|line| line.text().trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Interrupts the command and waits for its end. Returns its exit code.
    pub async fn interrupt(&mut self) -> i32 {
        let process = Pid::from_raw(self.child.id().unwrap() as i32).unwrap();
        kill_process(process, Signal::INT).unwrap();
        let code = self.child.wait().await.unwrap().code().unwrap_or(-1);
        // What it wrote last may still be in the terminal's buffer.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        code
    }
}

fn set_size(master: &File, columns: u16, rows: u16) {
    tcsetwinsize(master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}
