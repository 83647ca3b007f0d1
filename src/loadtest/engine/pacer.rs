//! A timer that is accurate to about ten microseconds.
//!
//! The runtime's timers have a resolution of one millisecond. That is enough for a pause and too coarse for arrivals:
//! at 5,000 requests a second, five would be sent together. The kernel's own timer (timerfd) is not rounded.

use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// One timer, which needs a file handle.
#[derive(Debug)]
pub(super) struct Pacer {
    timer: AsyncFd<OwnedFd>,
}

impl Pacer {
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an OwnedFd stays open as long as this, which is all it asks"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer })
    }

    /// Waits until an instant; returns at once if it has passed.
    pub(super) async fn wait_until(&self, due: Instant) -> io::Result<()> {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let value = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            let mut ready = self.timer.readable().await?;
            // Reading resets the expiration and the runtime's readiness. Setting the timer again would reset it only in
            // the kernel.
            let read = ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut [0; 8])?));
            if let Ok(read) = read {
                read?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn it_waits_as_long_as_asked_every_time() {
        let pacer = Pacer::new().unwrap();
        let start = Instant::now();
        for step in 1..=20 {
            let due = start + Duration::from_micros(500) * step;
            pacer.wait_until(due).await.unwrap();
            assert!(Instant::now() >= due);
        }
        pacer.wait_until(start).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}
