//! What is told while a stack goes up or down.

use std::time::Duration;

use super::Name;

/// What happens while a stack goes up or down, for whoever wants to show it.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Another command works on this stack; this one waits for it.
    Waiting,
    /// The process runs since an earlier `up`.
    Running(Name),
    /// The process runs, but not as it is asked for now, and is started anew.
    Changed(Name),
    /// The process was started.
    Started(Name),
    /// The process answers, this long after `up` began to wait for it.
    Ready(Name, Duration),
    /// The stack could not be brought up, and what was started is stopped again.
    TakingBack,
    /// The process has ended in good order.
    Stopped(Name),
    /// The process did not end in time and was killed.
    Killed(Name),
}

/// Who is told of events.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);
