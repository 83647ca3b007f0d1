//! Decides how long one load is held: until its figures are steady.
//!
//! A load is held in stretches of equal length, and each is judged. A service may answer well for long and fail later,
//! because something piles up in it, such as connections that it leaves open; so a load is good only when nothing moves any
//! more: a stretch has no longer response times than the one before, and the service has as many database connections open as
//! before, where it tells them. Pure: it is told what was measured.

use crate::units;

/// The most stretches for which one load is held. With stretches of 14 s that is more than two minutes: four times as long as
/// the store's own connections linger.
pub(super) const MOST_STRETCHES: usize = 9;

/// Response times rise when they are longer by more than this share and by more than [`SAME_MS`]. Shorter ones are those of
/// caches and pools that have filled.
const SAME_TIME: f64 = 0.5;
const SAME_MS: f64 = 5.0;

/// Connections pile up when they have risen by more than this share and by more than [`SAME_CONNECTIONS`].
const SAME_SHARE: f64 = 0.03;
const SAME_CONNECTIONS: f64 = 2.0;

/// What was measured in one stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    /// Whether all criteria held.
    pub(super) good: bool,
    /// The 95th percentile of good answers, in milliseconds.
    pub(super) p95_ms: Option<f64>,
    /// The database connections that the service had open at the end; `None` if it does not tell them.
    pub(super) connections: Option<f64>,
}

/// What to do after a stretch.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// Hold the load for another stretch.
    HoldOn,
    /// The figures are steady, or the load is bad.
    Steady,
    /// The load was held as long as any and still moves: what moves, as a part of a sentence.
    Moving(String),
}

/// Decides after these stretches of one load.
pub(super) fn decide(stretches: &[Stretch]) -> Decision {
    let Some(last) = stretches.last() else { return Decision::HoldOn };
    if !last.good {
        return Decision::Steady;
    }
    let [.., before, last] = stretches else { return Decision::HoldOn };
    match moving(before, last) {
        None => Decision::Steady,
        Some(what) if stretches.len() >= MOST_STRETCHES => Decision::Moving(what),
        Some(_) => Decision::HoldOn,
    }
}

/// What has changed between two stretches; `None` if nothing has.
fn moving(before: &Stretch, last: &Stretch) -> Option<String> {
    if let Some((was, is)) = before.connections.zip(last.connections)
        && is - was > SAME_CONNECTIONS.max(SAME_SHARE * was)
    {
        let [was, is] = [was, is].map(|count| units::count(count.round() as u64));
        return Some(format!("database connections rose from {was} to {is}"));
    }
    let (was, is) = before.p95_ms.zip(last.p95_ms)?;
    if is - was <= SAME_MS.max(SAME_TIME * was) {
        return None;
    }
    let [was, is] = [was, is].map(units::significant);
    Some(format!("p95 rose from {was} to {is} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(p95_ms: f64, connections: Option<f64>) -> Stretch {
        Stretch { good: true, p95_ms: Some(p95_ms), connections }
    }

    #[test]
    fn a_load_is_held_until_two_stretches_are_alike() {
        let (slow, quick) = (stretch(300.0, None), stretch(40.0, None));
        assert_eq!(decide(&[slow]), Decision::HoldOn, "one stretch shows no trend");
        assert_eq!(decide(&[slow, quick]), Decision::Steady);
        assert_eq!(decide(&[quick, slow]), Decision::HoldOn);
        assert_eq!(decide(&[quick, slow, stretch(310.0, None)]), Decision::Steady);
        let bad = Stretch { good: false, ..slow };
        assert_eq!(decide(&[bad]), Decision::Steady, "no more is needed to know that it is bad");
        assert_eq!(decide(&[quick, quick, bad]), Decision::Steady);
    }

    #[test]
    fn connections_that_pile_up_are_a_trend_although_all_answers_are_good() {
        let with = |connections| stretch(4.0, Some(connections));
        assert_eq!(decide(&[with(40.0), with(90.0)]), Decision::HoldOn);
        assert_eq!(decide(&[with(40.0), with(90.0), with(130.0)]), Decision::HoldOn);
        assert_eq!(decide(&[with(90.0), with(130.0), with(132.0)]), Decision::Steady);
        assert_eq!(decide(&[with(132.0), with(120.0)]), Decision::Steady, "they are given back");
    }

    #[test]
    fn what_never_comes_to_rest_ends_with_a_word() {
        let rising: Vec<_> = (1..=MOST_STRETCHES).map(|at| stretch(4.0, Some(10.0 * at as f64))).collect();
        assert_eq!(decide(&rising), Decision::Moving("database connections rose from 80 to 90".to_owned()));
        let slower: Vec<_> = (0..MOST_STRETCHES).map(|at| stretch(f64::from(1 << at) * 10.0, None)).collect();
        assert_eq!(decide(&slower), Decision::Moving("p95 rose from 1280 to 2560 ms".to_owned()));
        assert_eq!(decide(&rising[..MOST_STRETCHES - 1]), Decision::HoldOn);
    }
}
