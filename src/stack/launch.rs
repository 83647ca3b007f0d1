//! Starts a process that outlives this command and is recorded in the state before it does anything.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::files;
use super::identity::Identity;
use super::launch_spec::LaunchSpec;
use super::layout::Layout;
use super::state::{ProcessEntry, StateFile};
use super::{ProcessName, StackError};

/// The shell waits for a line before it becomes the program. The line is sent when the process has been recorded; if this
/// command dies before that, the pipe closes and the shell ends. So no process can run that is not recorded.
const GATE: &str = r#"read -r go && exec "$@" </dev/null"#;

/// Prefixes of variables that configure storemgr's commands, or make nginx inherit sockets. A process gets those that it
/// needs from its launch spec.
const FOREIGN: [&str; 5] = ["DB_", "REDIS_", "PROMETHEUS_", "STOREMGR_", "NGINX"];

/// How many lines at the end of a log an error shows.
const LAST_LINES: usize = 10;

/// How many earlier lines that contain "error" it shows as well.
const ERROR_LINES: usize = 3;

/// How many bytes at the end of a log are searched for these lines.
const SHOWN_BYTES: u64 = 16 << 10;

/// A process that this command has started, and its log.
#[derive(Debug)]
pub(super) struct Launched {
    pub(super) child: Child,
    pub(super) log: Log,
}

/// A log, and the offset at which the output of this start begins.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) path: PathBuf,
    from: u64,
}

/// Writes the files of a launch spec and starts its program.
pub(super) async fn launch(
    name: ProcessName,
    launch_spec: &LaunchSpec,
    layout: &Layout,
    state_file: &StateFile,
) -> Result<Launched, StackError> {
    for directory in &launch_spec.directories {
        files::make_directory(directory)?;
    }
    for path in &launch_spec.left_over {
        files::remove(path).map_err(StackError::file(path, "removed"))?;
    }
    for (path, text) in &launch_spec.files {
        files::replace(path, text)?;
    }
    let command = Program { path: &launch_spec.program, arguments: &launch_spec.arguments, preparing: false };
    start(name, &command, launch_spec, layout, state_file).await
}

/// The program of a launch spec that is to be started: the server, or the one that prepares its data.
#[derive(Debug)]
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    pub(super) arguments: &'a [OsString],
    /// Whether it only prepares the data of the server.
    pub(super) preparing: bool,
}

/// Starts a program as the process `name`: in a process group of its own, without input, with its output in the log.
pub(super) async fn start(
    name: ProcessName,
    what: &Program<'_>,
    launch_spec: &LaunchSpec,
    layout: &Layout,
    state_file: &StateFile,
) -> Result<Launched, StackError> {
    let (log, file) = Log::open(layout.log(name))?;
    let spawn_error = |source| StackError::Spawn { name, source };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", GATE, &name.to_string()]).arg(what.path).args(what.arguments);
    command.current_dir(layout.home(name)).process_group(0).stdin(Stdio::piped());
    command.stdout(file.try_clone().map_err(spawn_error)?).stderr(file);
    for variable in foreign_variables() {
        command.env_remove(variable);
    }
    command.envs(launch_spec.environment.iter().map(|(name, value)| (name, value)));
    let mut child = command.spawn().map_err(spawn_error)?;
    let identity = child.id().map_or_else(|| Err(std::io::ErrorKind::NotFound.into()), Identity::of);
    let entry = ProcessEntry {
        identity: identity.map_err(spawn_error)?,
        executable: None,
        preparing: what.preparing,
        fingerprint: launch_spec.fingerprint(),
    };
    state_file.change(|state| drop(state.processes.insert(name, entry)))?;
    if let Some(mut gate) = child.stdin.take() {
        gate.write_all(b"go\n").await.map_err(spawn_error)?;
    }
    Ok(Launched { child, log })
}

/// How a process ended, as a part of a sentence: `ended with exit code 1`.
pub(super) fn ending(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("ended with exit code {code}"),
        Some((None, Some(signal))) => format!("was ended by signal {signal}"),
        _ => "ended".to_owned(),
    }
}

impl Log {
    /// The log of a process that was already running.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path, from: 0 }
    }

    fn open(path: PathBuf) -> Result<(Self, File), StackError> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(StackError::file(&path, "written"))?;
        let from = fs::metadata(&path).map_or(0, |data| data.len());
        Ok((Self { path, from }, file))
    }

    /// The last lines since this start, preceded by the last earlier lines that contain "error", because some programs end
    /// with a page of advice.
    pub(super) fn tail(&self) -> Vec<String> {
        let read = || {
            let mut file = File::open(&self.path)?;
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.from.max(end.saturating_sub(SHOWN_BYTES))))?;
            let mut bytes = Vec::new();
            file.take(SHOWN_BYTES).read_to_end(&mut bytes).map(|_| bytes)
        };
        let bytes: Vec<u8> = read().unwrap_or_default();
        worth_reading(&String::from_utf8_lossy(&bytes))
    }
}

fn worth_reading(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let (before, last) = lines.split_at(lines.len().saturating_sub(LAST_LINES));
    let errors: Vec<&&str> = before.iter().filter(|line| line.to_ascii_lowercase().contains("error")).collect();
    let errors = &errors[errors.len().saturating_sub(ERROR_LINES)..];
    errors.iter().copied().chain(last).map(|&line| line.to_owned()).collect()
}

/// The names of environment variables that a process must not inherit.
fn foreign_variables() -> impl Iterator<Item = String> {
    let foreign = |name: &String| FOREIGN.iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_also_when_much_advice_follows_it() {
        let advice: Vec<String> = (1..=20).map(|number| format!("advice {number}")).collect();
        let shown = worth_reading(&format!("begin\n\nERROR: no table\n{}\n", advice.join("\n")));
        assert_eq!(shown.len(), 1 + LAST_LINES);
        assert_eq!((shown[0].as_str(), shown[1].as_str()), ("ERROR: no table", "advice 11"));
    }
}
