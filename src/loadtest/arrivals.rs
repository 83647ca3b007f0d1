//! An open arrival rate: requests that are due at their times, whether earlier ones were answered or not.
//!
//! A request's response time counts from the instant it was due, also when it was sent later because the generator was
//! late or all its connections were busy: whoever would have come then would have waited. Nothing that was due is left
//! out of sight: it is sent, or it counts as missed.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Arrivals;
use super::line::Line;
use super::pacer::Pacer;
use super::profile::{Area, Profile};
use super::worker::{Alive, Shared, Station};

/// The part of a run's arrivals that one worker sends.
#[derive(Debug)]
pub(super) struct Schedule {
    area: Area,
    arrivals: Arrivals,
    /// The area under the profile at the next arrival.
    next: f64,
    /// The area between two of this worker's arrivals, on average.
    step: f64,
    random: Pcg64Mcg,
}

impl Schedule {
    /// Worker `index` of `workers` takes every `workers`th constant arrival, or a Poisson process of that part of the
    /// rate; together these are the whole.
    pub(super) fn new(profile: Profile, arrivals: Arrivals, index: usize, workers: usize, random: Pcg64Mcg) -> Self {
        let mut schedule =
            Self { area: Area::new(profile), arrivals, next: index as f64, step: workers as f64, random };
        if arrivals == Arrivals::Poisson {
            schedule.next = schedule.gap();
        }
        schedule
    }

    /// When the next one is due, after the start; nothing if none ever is.
    fn next(&mut self) -> Option<Duration> {
        let due = self.area.reaches(self.next)?;
        self.next += match self.arrivals {
            Arrivals::Constant => self.step,
            Arrivals::Poisson => self.gap(),
        };
        Duration::try_from_secs_f64(due).ok()
    }

    /// An exponentially distributed part of the area.
    fn gap(&mut self) -> f64 {
        // From above 0 to 1: a logarithm that is never infinite.
        let uniform = 1.0 - self.random.random::<f64>();
        -uniform.ln() * self.step
    }
}

/// Who is free, and what waits for somebody to be free.
#[derive(Debug, Default)]
pub(super) struct Desk {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that were due while everybody was busy, the oldest first.
    waiting: VecDeque<Instant>,
    /// Users with nothing to do; the one who became free last is taken first, so that few connections are kept warm.
    free: Vec<Arc<Place>>,
    users: usize,
    closed: bool,
}

/// Where a free user waits.
#[derive(Debug, Default)]
struct Place {
    due: Mutex<Option<Instant>>,
    wake: Notify,
}

/// What becomes of a request that is due.
enum Handed {
    /// A free user sends it, or it waits for one.
    Taken,
    /// A new user is needed.
    New,
}

impl Desk {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand(&self, due: Instant, most_users: usize) -> Handed {
        let mut state = self.lock();
        if let Some(place) = state.free.pop() {
            drop(state);
            *place.due.lock().unwrap_or_else(PoisonError::into_inner) = Some(due);
            place.wake.notify_one();
        } else if state.users < most_users {
            state.users += 1;
            return Handed::New;
        } else {
            state.waiting.push_back(due);
        }
        Handed::Taken
    }

    /// The next request for a user who is free now. Nothing when the desk is closed.
    async fn next(&self, place: &Arc<Place>, shared: &Shared) -> Option<Instant> {
        {
            let mut state = self.lock();
            while let Some(due) = state.waiting.pop_front() {
                // Whoever waited that long has left.
                if due.elapsed() < shared.config.timeout {
                    return Some(due);
                }
                if due >= shared.measured_from {
                    shared.counts.count_missed(1);
                }
            }
            if state.closed {
                return None;
            }
            state.free.push(Arc::clone(place));
        }
        place.wake.notified().await;
        place.due.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends everybody home who is free; those who are not leave when nothing waits any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.free.drain(..).for_each(|place| place.wake.notify_one());
    }

    /// How many requests wait for somebody to be free that were due from then on.
    pub(super) fn waiting(&self, from: Instant) -> u64 {
        self.lock().waiting.iter().filter(|due| **due >= from).count() as u64
    }
}

/// Hands out what is due until `until`, or for ever when nothing more is due. Drop it to stop.
pub(super) async fn dispatch(
    mut schedule: Schedule,
    desk: Arc<Desk>,
    shared: Arc<Shared>,
    station: Arc<Station>,
    most_users: usize,
    until: Duration,
) -> io::Result<()> {
    let pacer = Pacer::new()?;
    let mut users = 0;
    while let Some(due) = schedule.next().filter(|due| *due < until) {
        let due = shared.started + due;
        pacer.wait_until(due).await?;
        station.record_start(due);
        if let Handed::New = desk.hand(due, most_users) {
            users += 1;
            let number = users * shared.stations.len() as u64 + station.index as u64;
            tokio::spawn(serve(number, due, Arc::clone(&desk), Arc::clone(&shared), Arc::clone(&station)));
        }
        // Behind schedule the pacer does not wait, and answers would go unread.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// Sends what is due as long as there is something.
async fn serve(number: u64, first: Instant, desk: Arc<Desk>, shared: Arc<Shared>, station: Arc<Station>) {
    let _alive = Alive::new(&shared);
    let mut random = shared.random(number);
    let mut line = Line::new(number);
    let place = Arc::new(Place::default());
    let mut next = Some(first);
    while let Some(due) = next {
        line.ask(&shared, &station, &mut random, due).await;
        next = desk.next(&place, &shared).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn schedule(arrivals: Arrivals, index: usize, workers: usize) -> Schedule {
        let profile = Profile::stages(100.0, Duration::ZERO, &[]);
        Schedule::new(profile, arrivals, index, workers, Pcg64Mcg::seed_from_u64(index as u64))
    }

    #[test]
    fn workers_take_constant_arrivals_in_turn() {
        let mut dues: Vec<_> = (0..3)
            .flat_map(|index| {
                let mut schedule = schedule(Arrivals::Constant, index, 3);
                (0..4).map(move |_| schedule.next().unwrap().as_millis()).collect::<Vec<_>>()
            })
            .collect();
        dues.sort_unstable();
        assert_eq!(dues, (0..12).map(|number| number * 10).collect::<Vec<_>>());
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_their_process() {
        let mut gaps = Vec::new();
        for index in 0..2 {
            let mut schedule = schedule(Arrivals::Poisson, index, 2);
            let mut before = Duration::ZERO;
            for _ in 0..20_000 {
                let due = schedule.next().unwrap();
                gaps.push(due.as_secs_f64() - before.as_secs_f64());
                before = due;
            }
        }
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        // Two workers at 50 a second each: exponential gaps of 20 ms, whose deviation is their mean.
        assert!((mean / 0.02 - 1.0).abs() < 0.03 && (deviation / mean - 1.0).abs() < 0.03, "{mean} {deviation}");
    }
}
