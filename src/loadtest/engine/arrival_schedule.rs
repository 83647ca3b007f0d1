//! Computes when requests are due in a run at a rate, independently of earlier answers.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::config::Arrivals;
use super::profile::{Area, Profile};

/// The arrivals of a run that one worker sends.
#[derive(Debug)]
pub(super) struct ArrivalSchedule {
    area: Area,
    arrivals: Arrivals,
    /// The area under the profile at the next arrival.
    next: f64,
    /// The mean area between two arrivals of this worker.
    step: f64,
    random: Pcg64Mcg,
}

impl ArrivalSchedule {
    /// Worker `index` of `workers` takes every `workers`th constant arrival, or its share of the rate as a Poisson
    /// process; together the workers send the whole load.
    pub(super) fn new(profile: Profile, arrivals: Arrivals, index: usize, workers: usize, random: Pcg64Mcg) -> Self {
        let mut schedule =
            Self { area: Area::new(profile), arrivals, next: index as f64, step: workers as f64, random };
        if arrivals == Arrivals::Poisson {
            schedule.next = schedule.gap();
        }
        schedule
    }

    /// When the next request is due, as time after the start; None if no more are due.
    pub(super) fn due(&mut self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.area.reaches(self.next)?).ok()
    }

    /// Passes on to the request after the next one.
    pub(super) fn advance(&mut self) {
        self.next += match self.arrivals {
            Arrivals::Constant => self.step,
            Arrivals::Poisson => self.gap(),
        };
    }

    /// Follows another course, which is the same up to now: what was due is neither lost nor doubled.
    pub(super) fn follow(&mut self, profile: Profile) {
        self.area = Area::new(profile);
    }

    /// Draws the area to the next Poisson arrival: exponentially distributed with mean `step`.
    fn gap(&mut self) -> f64 {
        // The value is in (0, 1], so the logarithm is finite.
        let uniform = 1.0 - self.random.random::<f64>();
        -uniform.ln() * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn schedule(arrivals: Arrivals, index: usize, workers: usize) -> ArrivalSchedule {
        let profile = Profile::stages(100.0, Duration::ZERO, &[]);
        ArrivalSchedule::new(profile, arrivals, index, workers, Pcg64Mcg::seed_from_u64(index as u64))
    }

    impl ArrivalSchedule {
        fn next(&mut self) -> Option<Duration> {
            let due = self.due();
            self.advance();
            due
        }
    }

    #[test]
    fn a_changed_course_neither_loses_nor_doubles_an_arrival() {
        let mut profile = Profile::stages(100.0, Duration::ZERO, &[]);
        let mut schedule = schedule(Arrivals::Constant, 0, 1);
        let mut dues = 0;
        while schedule.due().unwrap() < Duration::from_secs(10) {
            dues += 1;
            schedule.advance();
        }
        profile.steer(10.0, 0.0, None);
        schedule.follow(profile.clone());
        assert_eq!((dues, schedule.due()), (1_000, Some(Duration::from_secs(10))), "the one that is due now");
        schedule.advance();
        assert_eq!(schedule.due(), None, "it is paused");
        profile.steer(20.0, 10.0, None);
        schedule.follow(profile);
        assert_eq!(schedule.due().unwrap().as_millis(), 20_100);
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
