//! Transactions lock the same rows in different orders, and the database ends one of them.

use crate::explain::case::Case;
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// From this number per request on, deadlocks matter.
const OFTEN: f64 = 0.001;

pub(super) const RULE: Rule =
    Rule { cause: "deadlocks", needs: Needs::Run, follows_from: &["connections_left_open"], weigh, words };

const FAILED: &str = text!("requests that failed because of a deadlock");
const COUNT: &str = text!("deadlocks");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::Deadlock]);
    let counted = case.database.and_then(|database| database.deadlocks);
    let mut evidence = vec![Evidence::new(FAILED, failed, "")];
    evidence.extend(counted.map(|count| Evidence::count(COUNT, count)));
    let count = counted.unwrap_or(0) as f64;
    let per_request = count / case.requests.max(1.0);
    if failed <= 0.0 && count <= 0.0 {
        return match case.database {
            Some(_) => Weighed::Against(text!("There was no deadlock."), evidence),
            None => Weighed::Silent,
        };
    }
    let certainty = match (failed > 0.0, per_request >= OFTEN) {
        (true, _) => Certainty::Certain,
        (false, true) => Certainty::Likely,
        (false, false) => Certainty::Possible,
    };
    let of_failures = case.of_failures(failed);
    let mut expected = vec![Expected::of_failures(case, of_failures)];
    expected.push(Expected { figure: Figure::DeadlocksPerRequest, now: per_request, then: 0.0 });
    // A transaction that is repeated takes its time twice.
    let repeated = (count / case.good_writes().max(1.0)).min(1.0);
    let of_time = case.of_time(case.write_time_s() * repeated / (1.0 + repeated));
    Weighed::For(Weight { certainty, of_failures, of_time, evidence, expected, apart_from: &[] })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let count = |what: &str| language.count(weight.value(what) as u64);
    let sentence = say!(
        language,
        "The database ended {count} transactions because each waited for rows of the other, and {failed} requests failed of it.",
        count = language.count(weight.value(COUNT).max(weight.value(FAILED)) as u64),
        failed = count(FAILED)
    );
    let attempt = text!(
        "lock rows in one order everywhere (the articles of an order by their number), and repeat a transaction that was ended (error \
         1213) a few times."
    );
    let expect = text!(
        "no more deadlocks where all lock in the same order; with repeating alone, the same number and no failed request."
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect: language.text(expect).to_owned() }
}
