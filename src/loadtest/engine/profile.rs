//! The level of a load over time: straight line segments, in users or in requests per second.
//!
//! For a rate, the area under the line is the number of arrivals up to an instant. Constant arrivals are due where that
//! area reaches whole numbers. A Poisson process with a changing rate is a process of rate 1 seen through that area
//! (the time change of a non-homogeneous Poisson process: Çinlar, Introduction to Stochastic Processes, section 4.7).

use std::time::Duration;

use crate::units;

/// One segment of a load: it changes evenly to a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// The duration of the segment.
    pub lasts: Duration,
    /// The level at its end: users or requests per second, from 0 to 1,000,000.
    pub level: f64,
}

/// The error for a text that is not a stage like `30s:50`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a stage: write its duration and the level at its end, like 30s:50")]
pub struct InvalidStage(String);

impl std::str::FromStr for Stage {
    type Err = InvalidStage;

    fn from_str(text: &str) -> Result<Self, InvalidStage> {
        let invalid = || InvalidStage(text.to_owned());
        let (lasts, level) = text.split_once(':').ok_or_else(invalid)?;
        let lasts = units::parse_duration(lasts).map_err(|_| invalid())?;
        let level: f64 = level.trim().parse().map_err(|_| invalid())?;
        // One million users, or requests per second, is far more than one process can do.
        let sensible = (0.0..=1e6).contains(&level);
        if sensible { Ok(Self { lasts, level }) } else { Err(invalid()) }
    }
}

/// A change of the load by hand takes at most this long, in seconds: longer than any run.
const LONGEST_CHANGE_S: f64 = 1e7;

/// A line of straight segments. After its last point it stays level.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    /// Points as (seconds since the start, level), in order of time. Two points at the same time are a jump.
    points: Vec<(f64, f64)>,
}

impl Profile {
    /// Users who start evenly, the first one at time 0.
    pub(super) fn spawn(users: u32, per_second: f64) -> Self {
        let users = f64::from(users);
        Self { points: vec![(0.0, 1.0_f64.min(users)), ((users - 1.0).max(0.0) / per_second, users)] }
    }

    /// A level that is held for a time, followed by stages.
    pub(super) fn stages(start: f64, held: Duration, stages: &[Stage]) -> Self {
        let mut at = held.as_secs_f64();
        let mut points = vec![(0.0, start), (at, start)];
        for stage in stages {
            at += stage.lasts.as_secs_f64();
            points.push((at, stage.level));
        }
        Self { points }
    }

    /// Changes the course from `now` on, in seconds after the start: to a level, by so much per second or at once.
    pub(super) fn steer(&mut self, now: f64, level: f64, per_second: Option<f64>) {
        let reached = self.cut(now);
        let within = per_second.map_or(0.0, |per_second| (level - reached).abs() / per_second.max(f64::MIN_POSITIVE));
        self.points.push((now + within.min(LONGEST_CHANGE_S), level));
    }

    /// Goes back to a planned course from `now` on.
    pub(super) fn resume(&mut self, now: f64, planned: &Self) {
        self.cut(now);
        self.points.push((now, planned.level(now)));
        self.points.extend(planned.points.iter().filter(|(at, _)| *at > now));
    }

    /// Forgets the course after `now`, and gives the level that is reached then.
    fn cut(&mut self, now: f64) -> f64 {
        let reached = self.level(now);
        self.points.retain(|(at, _)| *at <= now);
        self.points.push((now, reached));
        reached
    }

    /// The level to which it leads in the end.
    pub(super) fn last_level(&self) -> f64 {
        self.points.last().map_or(0.0, |(_, level)| *level)
    }

    /// The highest level up to an instant.
    pub(super) fn highest(&self, until: f64) -> f64 {
        let passed = self.points.iter().filter(|(at, _)| *at <= until).map(|(_, level)| *level);
        passed.fold(self.level(until), f64::max)
    }

    /// The stages that repeat the course between two instants, each with its length in seconds, and the level at its start.
    /// Lengths are whole tenths of a second, and levels have some four digits.
    pub(super) fn as_stages(&self, from: f64, to: f64) -> (f64, Vec<(f64, f64)>) {
        let start = self.level(from);
        let within = self.points.iter().copied().filter(|(at, _)| *at > from && *at < to);
        let (mut stages, mut at, mut level) = (Vec::<(f64, f64)>::new(), 0, start);
        for (time, reached) in within.chain([(to, self.level_before(to))]) {
            let tenths = (10.0 * (time - from)).round() as i64;
            let changes = (reached - level).abs() > f64::EPSILON;
            if tenths > at || changes {
                stages.push(((tenths - at) as f64 / 10.0, short(reached)));
            }
            (at, level) = (tenths, reached);
        }
        (short(start), stages)
    }

    /// The level just before an instant, at which it may jump.
    fn level_before(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|(time, _)| *time < at);
        match (after.checked_sub(1).map(|index| self.points[index]), self.points.get(after).copied()) {
            (Some((from, a)), Some((to, b))) => a + (b - a) * ((at - from) / (to - from)),
            (Some((_, level)), None) | (None, Some((_, level))) => level,
            (None, None) => 0.0,
        }
    }

    /// The level at this many seconds after the start.
    pub(super) fn level(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|(time, _)| *time <= at);
        let last = self.points.last().map_or(0.0, |(_, level)| *level);
        let (Some((from, a)), Some((to, b))) = (after.checked_sub(1).map(|i| self.points[i]), self.points.get(after))
        else {
            return last;
        };
        a + (b - a) * ((at - from) / (to - from))
    }

    /// The next time, in seconds, at which the level changes: now if it is changing, None if it stays as it is.
    pub(super) fn next_change(&self, at: f64) -> Option<f64> {
        let mut pieces = self.points.windows(2).filter(|piece| piece[1].0 > at);
        let (from, _) = pieces.find(|piece| piece[0].1.total_cmp(&piece[1].1).is_ne()).map(|piece| piece[0])?;
        Some(from.max(at))
    }
}

/// Finds the instants at which the area under a profile reaches increasing values.
#[derive(Clone, Debug)]
pub(super) struct Area {
    profile: Profile,
    /// The index of the point at which the current segment begins.
    piece: usize,
    /// The area up to that point.
    before: f64,
}

impl Area {
    pub(super) fn new(profile: Profile) -> Self {
        Self { profile, piece: 0, before: 0.0 }
    }

    /// The time in seconds at which the area under the profile reaches `area`, which must not be smaller than in the
    /// last call. None if it never does.
    pub(super) fn reaches(&mut self, area: f64) -> Option<f64> {
        let points = &self.profile.points;
        while let [(from, a), (to, b), ..] = points[self.piece..] {
            let whole = f64::midpoint(a, b) * (to - from);
            if area <= self.before + whole {
                return Some(from + within(area - self.before, a, (b - a) / (to - from), to - from));
            }
            self.before += whole;
            self.piece += 1;
        }
        let (from, level) = *points.last()?;
        (level > 0.0).then(|| from + (area - self.before) / level)
    }
}

/// A level in tenths, and in finer steps below 1,000: a rate may be a request in half a minute.
fn short(level: f64) -> f64 {
    let digits = if level > 0.0 { (3.0 - level.log10().floor()).clamp(1.0, 12.0) } else { 0.0 };
    let scale = 10_f64.powf(digits);
    (level * scale).round() / scale
}

/// The time at which the area under a line is `area`; the line begins at `level` and rises by `slope` per second.
fn within(area: f64, level: f64, slope: f64, lasts: f64) -> f64 {
    let root = (level * level + 2.0 * slope * area).max(0.0).sqrt();
    // This form of the quadratic formula neither divides by a zero slope nor loses digits near it.
    let time = if level + root > 0.0 { 2.0 * area / (level + root) } else { 0.0 };
    time.clamp(0.0, lasts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(seconds: u64, level: f64) -> Stage {
        Stage { lasts: Duration::from_secs(seconds), level }
    }

    #[test]
    fn stages_are_read_as_k6_writes_them() {
        assert_eq!("30s:50".parse(), Ok(stage(30, 50.0)));
        assert_eq!("1m:2.5".parse(), Ok(stage(60, 2.5)));
        assert_eq!("0:7".parse(), Ok(stage(0, 7.0)));
        for text in ["", "30s", "30s:", "30s:-1", "soon:5", "30s:NaN", "5s:1e9"] {
            assert!(text.parse::<Stage>().is_err(), "{text}");
        }
    }

    #[test]
    fn users_start_evenly_the_first_one_at_once() {
        let profile = Profile::spawn(5, 2.0);
        let levels = [0.0, 0.4, 0.5, 1.0, 2.0, 9.0].map(|at| profile.level(at) as u32);
        assert_eq!(levels, [1, 1, 2, 3, 5, 5]);
        assert_eq!((profile.next_change(1.2), profile.next_change(2.0)), (Some(1.2), None));
        assert_eq!(Profile::spawn(5, 1e-300).level(100.0) as u32, 1, "the second is never due");
        assert_eq!(Profile::spawn(1, 10.0).next_change(0.0), None);
    }

    #[test]
    fn stages_go_evenly_from_level_to_level_after_the_warm_up() {
        let stages = [stage(10, 100.0), stage(0, 20.0), stage(10, 20.0), stage(10, 0.0)];
        let profile = Profile::stages(0.0, Duration::from_secs(5), &stages);
        let levels = [0.0, 4.0, 10.0, 14.9, 15.0, 20.0, 30.0, 35.0, 99.0].map(|at| profile.level(at).round() as u32);
        assert_eq!(levels, [0, 0, 50, 99, 20, 20, 10, 0, 0]);
        let changes = [1.0, 7.0, 16.0, 30.0, 35.0].map(|at| profile.next_change(at));
        assert_eq!(changes, [Some(5.0), Some(7.0), Some(25.0), Some(30.0), None]);
    }

    #[test]
    fn a_course_that_is_changed_by_hand_is_repeated_by_its_stages() {
        let planned = Profile::spawn(20, 19.0);
        let mut profile = planned.clone();
        profile.steer(10.0, 60.0, Some(10.0));
        assert_eq!((profile.level(9.9), profile.level(12.0), profile.level(30.0)), (20.0, 40.0, 60.0));
        profile.steer(12.0, 0.0, None);
        assert_eq!((profile.level(12.0), profile.level(50.0), profile.highest(20.0)), (0.0, 0.0, 40.0));
        profile.resume(15.0, &planned);
        assert_eq!((profile.level(16.0), profile.last_level()), (20.0, 20.0));
        let (start, stages) = profile.as_stages(0.0, 20.0);
        assert!((start - 1.0).abs() < 1e-9);
        assert_eq!(stages, [(1.0, 20.0), (9.0, 20.0), (2.0, 40.0), (0.0, 0.0), (3.0, 0.0), (0.0, 20.0), (5.0, 20.0)]);
        let stages: Vec<_> = stages
            .iter()
            .map(|(lasts, level)| Stage { lasts: Duration::from_secs_f64(*lasts), level: *level })
            .collect();
        let repeated = Profile::stages(start, Duration::ZERO, &stages);
        for at in [0.5, 5.0, 11.0, 13.0, 16.0, 19.0] {
            assert!((repeated.level(at) - profile.level(at)).abs() < 1e-9, "{at}");
        }
    }

    #[test]
    fn a_low_rate_is_repeated_as_it_was() {
        let mut profile = Profile::stages(0.25, Duration::ZERO, &[]);
        profile.steer(10.0, 0.04, None);
        profile.steer(20.0, 0.333_333, None);
        profile.steer(30.0, 12_345.678, None);
        let stages = [(10.0, 0.25), (0.0, 0.04), (10.0, 0.04), (0.0, 0.3333), (10.0, 0.3333), (0.0, 12_345.7)];
        assert_eq!(profile.as_stages(0.0, 40.0), (0.25, [&stages[..], &[(10.0, 12_345.7)]].concat()));
    }

    #[test]
    fn arrivals_are_due_where_the_area_says() {
        let mut steady = Area::new(Profile::stages(50.0, Duration::ZERO, &[]));
        assert_eq!([0.0, 1.0, 50.0, 1e6].map(|area| steady.reaches(area)), [0.0, 0.02, 1.0, 2e4].map(Some));
        // 0 to 100 a second within 10 s: 500 arrivals, a quarter of them in the first half.
        let mut ramp = Area::new(Profile::stages(0.0, Duration::ZERO, &[stage(10, 100.0), stage(10, 0.0)]));
        let found = [0.0, 125.0, 500.0, 875.0, 1_000.0].map(|area| ramp.reaches(area).unwrap());
        for (found, expected) in found.iter().zip([0.0, 5.0, 10.0, 15.0, 20.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
        assert_eq!(ramp.reaches(1_000.5), None, "nothing is due at a rate of zero");
    }
}
