//! What is told while a stack goes up or down.

use std::time::Duration;

use super::ProcessName;

/// What happens while a stack goes up or down, for whoever wants to show it.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Another command works on this stack; this one waits for it.
    Waiting,
    /// The process runs since an earlier `up`.
    Running(ProcessName),
    /// The process runs, but not as it is asked for now, and is started anew.
    Changed(ProcessName),
    /// The process was started.
    Started(ProcessName),
    /// The process answers, this long after `up` began to wait for it.
    Ready(ProcessName, Duration),
    /// The stack could not be brought up, and what was started is stopped again.
    TakingBack,
    /// The process has ended in good order.
    Stopped(ProcessName),
    /// The process did not end in time and was killed.
    Killed(ProcessName),
}

/// Who is told of events.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);
