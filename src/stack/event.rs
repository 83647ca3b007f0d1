//! The events of starting and stopping a stack.

use std::time::Duration;

use super::ProcessName;

/// What happens while a stack starts or stops, so that a command can show it.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Another command is changing this stack, and this one waits for it.
    Waiting,
    /// The process is already running since an earlier `up`.
    Running(ProcessName),
    /// The process runs with other options than asked for and will be restarted.
    Changed(ProcessName),
    /// The process was started but does not answer yet.
    Started(ProcessName),
    /// The process answers, this long after `up` began to wait for it.
    Ready(ProcessName, Duration),
    /// The stack could not be started, and the processes that were started are being stopped.
    TakingBack,
    /// The process ended after SIGTERM.
    Stopped(ProcessName),
    /// The process did not end in time and was ended with SIGKILL.
    Killed(ProcessName),
}

/// Receives the events, as they happen, from several tasks.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);
