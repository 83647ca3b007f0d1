//! An explanation for people: sentences, and tables of the figures behind them.

use super::change::Changes;
use super::explanation::Explanation;
use super::finding::{Certainty, Evidence, Finding};
use crate::observe::Observed;
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language, printable};
use crate::{say, text};

/// The most letters of a statement in a table.
const LONGEST: usize = 100;

/// An explanation as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What happened, what to try and what to expect: a paragraph for each cause, and what is not known.
    pub paragraphs: Vec<String>,
    /// The figures.
    pub tables: Vec<Table>,
    /// What could not be seen, and what looking cost, a sentence each.
    pub notes: Vec<String>,
}

/// Shows an explanation of a run in which this was seen.
pub fn shown(explanation: &Explanation, observed: Option<&Observed>, language: Language) -> Shown {
    let mut paragraphs: Vec<_> =
        explanation.findings.iter().enumerate().map(|(place, finding)| paragraph(place, finding, language)).collect();
    paragraphs.extend(explanation.unknown.clone());
    if paragraphs.is_empty() {
        paragraphs.push(language.text(text!("Nothing broke, as far as was seen.")).to_owned());
    }
    let paragraphs = paragraphs.iter().map(|text| printable(text).into_owned()).collect();
    let tables = [evidence(explanation, language), ruled_out(explanation, language)];
    let tables = tables.into_iter().filter(|table| !table.is_empty()).collect();
    Shown { paragraphs, tables, notes: notes(explanation, observed, language) }
}

fn paragraph(place: usize, finding: &Finding, language: Language) -> String {
    let certainty = language.text(certainty(finding.certainty));
    say!(
        language,
        "{number}. {cause} ({certainty}, explains {share}). {sentence} Try: {attempt} Expect: {expect}",
        number = place + 1,
        cause = finding.cause,
        certainty,
        share = language.percent(finding.share),
        sentence = &finding.sentence,
        attempt = &finding.r#try,
        expect = &finding.expect
    )
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => text!("certain"),
        Certainty::Likely => text!("likely"),
        Certainty::Possible => text!("possible"),
    }
}

fn evidence(explanation: &Explanation, language: Language) -> Table {
    let columns = [(text!("Cause"), Align::Left), (text!("Figure"), Align::Left), (text!("Value"), Align::Right)];
    let mut table = Table::new(language.text(text!("What speaks for it")), &language.names(columns));
    for finding in &explanation.findings {
        let tone = if finding.certainty == Certainty::Possible { Tone::Doubtful } else { Tone::Bad };
        for (place, evidence) in finding.evidence.iter().enumerate() {
            let cause = if place == 0 { finding.cause } else { "" };
            table.toned_row([
                (cause.to_owned(), tone),
                (name(evidence, language), Tone::Plain),
                (value(evidence, language), Tone::Plain),
            ]);
        }
    }
    table
}

fn ruled_out(explanation: &Explanation, language: Language) -> Table {
    let columns = [(text!("Cause"), Align::Left), (text!("Why not"), Align::Left)];
    let mut table = Table::new(language.text(text!("Looked at and ruled out")), &language.names(columns));
    for ruled_out in &explanation.ruled_out {
        let figures: Vec<_> = ruled_out
            .evidence
            .iter()
            .map(|evidence| format!("{} {}", name(evidence, language), value(evidence, language)))
            .collect();
        let figures = if figures.is_empty() { String::new() } else { format!(" ({})", figures.join(", ")) };
        table.row([ruled_out.cause.to_owned(), format!("{}{figures}", ruled_out.sentence)]);
    }
    table
}

fn name(evidence: &Evidence, language: Language) -> String {
    let name = language.text(evidence.what);
    match &evidence.of {
        None => name.to_owned(),
        Some(of) => {
            let cut = of.char_indices().nth(LONGEST).map_or(of.as_str(), |(end, _)| &of[..end]);
            let more = if cut.len() < of.len() { "…" } else { "" };
            format!("{name}{} {cut}{more}", language.colon())
        }
    }
}

fn value(evidence: &Evidence, language: Language) -> String {
    let value = evidence.value;
    match evidence.unit {
        "share" => language.percent(value),
        "bytes" => language.bytes(value as u64),
        unit => {
            let is_whole = value.fract() == 0.0 && value.abs() < 1e15;
            let number = if is_whole { language.count(value as u64) } else { language.significant(value) };
            if unit.is_empty() { number } else { format!("{number} {}", language.text(unit)) }
        }
    }
}

fn notes(explanation: &Explanation, observed: Option<&Observed>, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    for missing in &explanation.missing {
        notes.push(say!(
            language,
            "Not seen: {what} ({why}). This would show it: {remedy}",
            what = &missing.what,
            why = &missing.why,
            remedy = &missing.remedy
        ));
    }
    let mut unseen: Vec<&str> = explanation.unseen.iter().map(|unseen| unseen.observe).collect();
    unseen.dedup();
    let mut told: Vec<&str> = Vec::new();
    for option in unseen {
        if told.contains(&option) {
            continue;
        }
        told.push(option);
        let causes: Vec<_> =
            explanation.unseen.iter().filter(|unseen| unseen.observe == option).map(|unseen| unseen.cause).collect();
        notes.push(say!(language, "Not looked at, without {option}: {causes}.", option, causes = causes.join(", ")));
    }
    notes.extend(observed.and_then(|observed| cost(observed, language)));
    notes.iter().map(|note| printable(note).into_owned()).collect()
}

/// What looking cost.
fn cost(observed: &Observed, language: Language) -> Option<String> {
    let costs = observed.databases.iter().map(|of| of.cost).chain(observed.caches.iter().map(|of| of.cost));
    let (queries, seconds, bytes) = costs.fold((0, 0.0, 0), |(queries, seconds, bytes), cost| {
        (queries + cost.queries, seconds + cost.seconds, bytes + cost.bytes)
    });
    let files: f64 = observed.processes.iter().map(|of| of.cost.seconds).sum();
    (observed.seconds > 0.0 && !observed.is_empty()).then(|| {
        say!(
            language,
            "Looking took {queries} questions of {time} ms together, {share} of the time, and {bytes}; reading the files of \
             processes took {files} ms.",
            queries = language.count(queries),
            time = language.significant(1e3 * seconds),
            share = language.percent(seconds / observed.seconds),
            bytes = language.bytes(bytes),
            files = language.significant(1e3 * files)
        )
    })
}

/// Shows what changed between two runs, beside what was expected.
pub fn shown_changes(changes: &Changes, language: Language) -> Table {
    let columns = [
        (text!("Figure"), Align::Left),
        (text!("Before"), Align::Right),
        (text!("Expected"), Align::Right),
        (text!("After"), Align::Right),
        (text!("Off by"), Align::Right),
    ];
    let mut table = Table::new(language.text(text!("What the cure changed")), &language.names(columns));
    for change in &changes.figures {
        let number = |value: f64| match change.figure {
            super::Figure::FailRatio => language.percent(value),
            _ => language.number(&units::significant(value)),
        };
        let dash = || "-".to_owned();
        table.row([
            language.text(change.figure.name()).to_owned(),
            change.before.map_or_else(dash, number),
            change.expected.map_or_else(dash, number),
            change.after.map_or_else(dash, number),
            change.off_by.map_or_else(dash, |off| language.percent(off)),
        ]);
    }
    table
}
