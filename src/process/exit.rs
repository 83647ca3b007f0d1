//! The exit codes and their meanings, which are the same for every command.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The work was done and the answer is good.
    Good,
    /// The work was done and the answer is bad: failed requests above the limit, an unhealthy check.
    Bad,
    /// The command line or the configuration is wrong; nothing was done.
    Usage,
    /// The work could not be done: a service is unreachable.
    CouldNotRun,
    /// The load generator was the bottleneck, so its numbers are not valid.
    GeneratorLimited,
    /// A threshold was crossed.
    ThresholdCrossed,
    /// Interrupted; everything gathered so far was written.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Usage => 2,
            Self::CouldNotRun => 3,
            Self::GeneratorLimited => 98,
            Self::ThresholdCrossed => 99,
            Self::Interrupted => 130,
        }
    }
}
