//! The database refuses connections because its limit, or that of the account, is lower than what the service opens.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

pub(super) const RULE: Rule =
    Rule { cause: "connection_limit", needs: Needs::Run, follows_from: &["connections_left_open"], weigh, words };

const FAILED: &str = text!("requests that failed for too many connections");
const REFUSED: &str = text!("connections that the database refused");
const OPEN: &str = text!("connections open at the peak");
const LIMIT: &str = text!("connections allowed");
const BUSY: &str = text!("mean number in use");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::TooManyConnections]);
    let refused = case.database.map_or(0, crate::observe::ObservedDatabase::refused);
    let mut evidence = vec![Evidence::new(FAILED, failed, "")];
    if let Some(database) = case.database {
        evidence.push(Evidence::count(REFUSED, refused));
        evidence.push(Evidence::count(OPEN, database.peak.open));
        evidence.extend(case.connection_limit().map(|limit| Evidence::new(LIMIT, limit, "")));
        evidence.push(Evidence::new(BUSY, database.mean_busy, ""));
    }
    if failed <= 0.0 && refused == 0 {
        return match case.database {
            Some(_) => Weighed::Against(text!("No connection was refused."), evidence),
            None => Weighed::Silent,
        };
    }
    let nameless = if refused > 0 && failed <= 0.0 { case.failed(&[Symptom::ServerError]) } else { 0.0 };
    let of_failures = case.of_failures(failed + nameless);
    // Without a look at the connections, they may as well be left open.
    let certainty = match case.database {
        Some(_) if case.connections_used_up() || failed > 0.0 => Certainty::Certain,
        Some(_) => Certainty::Likely,
        None => Certainty::Possible,
    };
    let expected = vec![Expected::of_failures(case, of_failures)];
    Weighed::For(Weight { certainty, of_failures, of_time: 0.0, evidence, expected, apart_from: &[] })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let count = |what: &str| language.count(weight.value(what) as u64);
    let sentence = match case.database {
        Some(_) => say!(
            language,
            "The database refused connections: it allows {limit} to the service, of which {open} were open at the peak, {busy} in \
             use on average.",
            limit = count(LIMIT),
            open = count(OPEN),
            busy = language.significant(weight.value(BUSY))
        ),
        None => say!(
            language,
            "{failed} requests failed because the database refused a connection. Whether its connections worked or were left open \
             was not watched.",
            failed = count(FAILED)
        ),
    };
    let attempt = text!(
        "pools whose sizes, added up over all instances and tools, stay below the limit; if the connections were busy, raise the \
         limit (max_connections, or MAX_USER_CONNECTIONS of the account). A look at the list of connections (--observe) tells \
         whether they were."
    );
    let expect = say!(language, "{failed} fewer failed requests.", failed = count(FAILED));
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
