//! Whether a certificate is valid, and for how long it still is.

use std::time::{Duration, SystemTime};

use crate::net::Validity;
use crate::units;

/// What renews certificates does so when a third of their time is left (certbot: 30 of 90 days). With less than this nobody
/// has, and there is still time to find out why.
const EARLY: Duration = Duration::from_hours(14 * 24);

/// Certificates of a few days are renewed within days.
const SHARE: u32 = 6;

/// What is to be said of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Good(String),
    /// It ends soon.
    Soon(String),
    /// It is not valid now.
    Bad(String),
}

pub(super) fn judge(validity: Validity, now: SystemTime) -> Judgement {
    let Validity { begins, ends } = validity;
    let Ok(left) = ends.duration_since(now) else {
        return Judgement::Bad(format!("the certificate expired on {}", units::timestamp(ends)));
    };
    if begins > now {
        return Judgement::Bad(format!("the certificate is not valid before {}", units::timestamp(begins)));
    }
    let days = left.as_secs() / (24 * 60 * 60);
    let sentence = format!("the certificate ends in {days} days, on {}", units::timestamp(ends));
    let whole = ends.duration_since(begins).unwrap_or_default();
    if left < EARLY.min(whole / SHARE) { Judgement::Soon(sentence) } else { Judgement::Good(sentence) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_time_is_less_than_two_weeks_or_a_sixth() {
        let day = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(20_000 * 24 + number * 24);
        let at = |now, ends| match judge(Validity { begins: day(10), ends: day(ends) }, day(now)) {
            Judgement::Good(_) => "good",
            Judgement::Soon(_) => "soon",
            Judgement::Bad(_) => "bad",
        };
        let cases = [(9, 100, "bad"), (10, 100, "good"), (86, 100, "good"), (87, 100, "soon"), (101, 100, "bad")];
        for (now, ends, expected) in cases {
            assert_eq!(at(now, ends), expected, "day {now} of those from 10 to {ends}");
        }
        assert_eq!((at(14, 16), at(16, 16)), ("good", "soon"), "six days");
    }
}
