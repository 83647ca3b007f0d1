//! The same statement runs once for each article of an order, or each row of a list, instead of once for all of them.

use crate::explain::case::{Case, is_commit, is_read};
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::observe::Statement;
use crate::units::Language;
use crate::{say, text};

/// From so many runs per order, or per request, on, a statement is repeated; from so many on, nothing else explains it.
const REPEATED: f64 = 1.3;
const OFTEN: f64 = 2.0;

/// Fewer orders than this say nothing about what is done for each.
const FEW: f64 = 20.0;

/// Two statements belong to the same loop if they ran about as often as each other.
const SAME: f64 = 0.1;

/// So many different statements of a kind are taken to run for an order, however few of them a look met: as many as an order
/// may well need, which writes its head, its lines, the totals of its user and a key.
const DIFFERENT: f64 = 4.0;

/// A statement that reads so few rows each time looks one thing up.
const ONE_THING: f64 = 10.0;

pub(super) const RULE: Rule =
    Rule { cause: "query_per_item", needs: Needs::Database, follows_from: &["connections_left_open"], weigh, words };

const TIMES: &str = text!("times that it ran for each order or request");
const PER_UNIT: &str = text!("statements for each order or request that changes something");
const EXTRA: &str = text!("of these repetitions");
const UNITS: &str = text!("orders or requests that change something");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let units = case.counter("Com_commit").unwrap_or(0.0).max(case.good_writes());
    if units < FEW && case.requests < FEW {
        return Weighed::Silent;
    }
    if !database.statements_counted {
        return uncounted(case, units);
    }
    let counted: Vec<_> = database.statements.iter().filter(|statement| !is_commit(&statement.text)).collect();
    let times = |statement: &Statement| statement.count.unwrap_or(0) as f64 / units.max(1.0);
    let writes: Vec<f64> =
        counted.iter().filter(|statement| changes(&statement.text)).map(|statement| times(statement)).collect();
    let loops = |statement: &Statement| {
        let runs = statement.count.unwrap_or(0) as f64;
        let looks_one_up = statement.rows_examined.unwrap_or(0) as f64 <= ONE_THING * runs;
        let per_unit = times(statement);
        if !looks_one_up || units < FEW {
            return runs / case.requests.max(1.0) >= OFTEN && looks_one_up;
        }
        let in_a_loop = writes.iter().any(|other| *other >= REPEATED && (other - per_unit).abs() <= SAME * other);
        // A plain read may belong to any request: it has to run as often as something that is written in a loop, or more often
        // than there are requests.
        per_unit >= REPEATED && (!is_read(&statement.text) || in_a_loop || runs >= OFTEN * case.requests)
    };
    let mut repeated: Vec<_> = counted
        .iter()
        .copied()
        .filter(|statement| is_row_statement(&statement.text))
        .filter(|statement| loops(statement))
        .collect();
    repeated.sort_by(|a, b| b.count.cmp(&a.count).then(b.time_s.total_cmp(&a.time_s)));
    let base = if units >= FEW { units } else { case.requests };
    let most = repeated.first().map_or(0.0, |statement| statement.count.unwrap_or(0) as f64 / base);
    if repeated.is_empty() {
        let highest =
            counted.iter().filter(|statement| is_row_statement(&statement.text)).map(|statement| times(statement));
        let evidence = vec![Evidence::new(TIMES, highest.fold(0.0, f64::max), "")];
        return Weighed::Against(text!("No statement ran again and again for the same order or request."), evidence);
    }
    let runs =
        |statements: &[&Statement]| statements.iter().map(|statement| statement.count.unwrap_or(0) as f64).sum::<f64>();
    // Each would have run once.
    let extra = runs(&repeated) - base * repeated.len() as f64;
    let all = runs(
        &counted
            .iter()
            .copied()
            .filter(|statement| times(statement) >= 0.5 || repeated.contains(statement))
            .collect::<Vec<_>>(),
    );
    let evidence = repeated
        .iter()
        .take(3)
        .map(|statement| Evidence::new(TIMES, statement.count.unwrap_or(0) as f64 / base, "").of(&statement.text))
        .chain([
            Evidence::new(PER_UNIT, all / base, ""),
            Evidence::new(EXTRA, extra / base, ""),
            Evidence::new(UNITS, base, ""),
        ]);
    let certainty = if most >= OFTEN { Certainty::Certain } else { Certainty::Likely };
    Weighed::For(weight(case, certainty, extra, extra / all.max(1.0), evidence.collect()))
}

/// Without counts by statement: the counters of all statements of a kind, beside how many different ones were seen.
fn uncounted(case: &Case<'_>, units: f64) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    if units < FEW {
        return Weighed::Silent;
    }
    let kinds = [("UPDATE", "Com_update"), ("INSERT", "Com_insert")];
    let found = kinds.iter().filter_map(|(verb, counter)| {
        let of_kind =
            database.statements.iter().filter(|statement| statement.text.to_ascii_uppercase().starts_with(verb));
        let different = (of_kind.clone().count() as f64).max(DIFFERENT);
        let often = case.counter(counter)? / units;
        let text = of_kind.max_by_key(|statement| statement.seen).map(|statement| statement.text.clone());
        Some((often / different, often, text))
    });
    let most = found.max_by(|a, b| a.0.total_cmp(&b.0));
    let per_unit = case.statements().unwrap_or(0.0) / units;
    match most {
        Some((times, often, statement)) if times >= REPEATED => {
            let extra = (often - often / times) * units;
            let of_each = Evidence::new(TIMES, times, "");
            let evidence = vec![
                if let Some(statement) = statement { of_each.of(&statement) } else { of_each },
                Evidence::new(PER_UNIT, per_unit, ""),
                Evidence::new(EXTRA, extra / units, ""),
                Evidence::new(UNITS, units, ""),
            ];
            let certainty = if times >= OFTEN { Certainty::Likely } else { Certainty::Possible };
            // Where a write is repeated, so is the read before it.
            let part = (2.0 * (often - often / times) / per_unit.max(1.0)).min(0.9);
            Weighed::For(weight(case, certainty, extra, part, evidence))
        }
        Some((times, ..)) => {
            let evidence = vec![Evidence::new(TIMES, times, ""), Evidence::new(PER_UNIT, per_unit, "")];
            Weighed::Against(text!("No statement ran again and again for the same order or request."), evidence)
        }
        None => Weighed::Silent,
    }
}

fn weight(case: &Case<'_>, certainty: Certainty, extra: f64, part: f64, evidence: Vec<Evidence>) -> Weight {
    let per_request = extra / case.requests.max(1.0);
    // The statements of an order run one after the other: without a part of them, that part of its time is gone.
    let saved_s = case.write_time_s() * part.clamp(0.0, 1.0);
    let mut expected = Vec::new();
    let statements = case.statements().map(|statements| statements / case.requests.max(1.0));
    expected.extend(statements.map(|now| Expected {
        figure: Figure::StatementsPerRequest,
        now,
        then: (now - per_request).max(0.0),
    }));
    let of_time = case.of_time(saved_s);
    expected.extend(Expected::of_time(case, of_time));
    Weight { certainty, of_failures: 0.0, of_time, evidence, expected, apart_from: &[] }
}

/// Whether a statement changes rows or locks them.
fn changes(text: &str) -> bool {
    is_row_statement(text) && !is_read(text)
}

/// Whether a statement reads or changes rows; others begin, end and set up.
fn is_row_statement(text: &str) -> bool {
    let text = text.trim_start_matches(['(', ' ']).to_ascii_uppercase();
    ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"].iter().any(|verb| text.starts_with(verb))
        && text.contains(['`', ' '])
        && (!text.starts_with("SELECT") || text.contains(" FROM "))
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let sentence = say!(
        language,
        "For each order or request that changes something the database runs {statements} statements, {extra} of them repetitions: one \
         of them runs {times} times, once for each article or row.",
        statements = number(PER_UNIT),
        extra = number(EXTRA),
        times = number(TIMES)
    );
    let attempt = text!(
        "one statement for all articles: read them with IN (…), write the lines with one INSERT of many rows, and change the stock \
         with one statement."
    );
    let then = |figure| weight.expected.iter().find(|expected| expected.figure == figure);
    let expect = match (then(Figure::StatementsPerRequest), then(Figure::MeanMs)) {
        (Some(statements), Some(time)) => say!(
            language,
            "{fewer} statements per request instead of {now}, and about {then} ms instead of {mean} ms for an answer on average \
             (statements run one after the other).",
            fewer = language.significant(statements.then),
            now = language.significant(statements.now),
            then = language.significant(time.then),
            mean = language.significant(time.now)
        ),
        _ => say!(language, "{extra} statements fewer for each order.", extra = number(EXTRA)),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
