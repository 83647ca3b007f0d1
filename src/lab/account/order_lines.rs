//! The account of orders of growing size.

use super::ExperimentAccount;
use super::cells::{NOTHING, milliseconds, not_measured};
use crate::lab::{OrderLines, OrderOfLines};
use crate::page::{Bars, Chart, Color};
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

impl ExperimentAccount {
    /// The account of orders of growing size.
    pub(in crate::lab) fn of_order_lines(measured: &OrderLines, language: Language) -> Self {
        let grown = |writer: &&str| grown(measured, writer, language);
        let mut findings: Vec<_> = writers(measured).iter().filter_map(grown).collect();
        findings.extend(refused(measured, language));
        findings.extend(not_measured(&measured.remarks, language));
        Self {
            title: language.text(text!("Orders of many articles")).to_owned(),
            question: language.text(text!("What if an order had a million articles?")).to_owned(),
            findings,
            tables: tables(measured, language),
            charts: charts(measured, language),
        }
    }
}

/// The names of the writers, in the order in which they were measured.
fn writers(measured: &OrderLines) -> Vec<&str> {
    let mut names: Vec<_> = measured.orders.iter().map(|order| order.writer.as_str()).collect();
    names.dedup();
    names
}

/// The numbers of articles, ascending.
fn sizes(measured: &OrderLines) -> Vec<u64> {
    let mut sizes: Vec<_> = measured.orders.iter().map(|order| order.lines).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn find<'a>(measured: &'a OrderLines, writer: &str, lines: u64) -> Option<&'a OrderOfLines> {
    measured.orders.iter().find(|order| order.writer == writer && order.lines == lines)
}

/// The order, if it was accepted.
fn accepted<'a>(measured: &'a OrderLines, writer: &str, lines: u64) -> Option<&'a OrderOfLines> {
    find(measured, writer, lines).filter(|order| order.refused_because.is_none())
}

/// The response times, with the answers, and below them the statements.
fn tables(measured: &OrderLines, language: Language) -> Vec<Table> {
    let times: Figure = |order, language| milliseconds(order.took_ms, language);
    let statements: Figure = |order, language| language.count(order.statements);
    let title = text!("An order alone, by its number of articles: response time in milliseconds");
    vec![
        table(measured, title, times, language),
        table(measured, text!("An order alone, by its number of articles: statements"), statements, language),
    ]
}

/// Writes a figure of an order.
type Figure = fn(&OrderOfLines, Language) -> String;

fn table(measured: &OrderLines, title: &'static str, figure: Figure, language: Language) -> Table {
    let writers = writers(measured);
    let mut columns = language.names([(text!("Articles"), Align::Right), (text!("Body"), Align::Right)]).to_vec();
    columns.extend(writers.iter().map(|writer| (*writer, Align::Right)));
    columns.push((language.text(text!("Answer")), Align::Left));
    let mut table = Table::new(language.text(title), &columns);
    for lines in sizes(measured) {
        let of_size: Vec<_> = measured.orders.iter().filter(|order| order.lines == lines).collect();
        let body = of_size.first().map_or_else(|| NOTHING.to_owned(), |order| language.bytes(order.body_bytes));
        let mut cells = vec![(language.count(lines), Tone::Plain), (body, Tone::Plain)];
        cells.extend(writers.iter().map(|writer| {
            let order = accepted(measured, writer, lines);
            (order.map_or_else(|| NOTHING.to_owned(), |order| figure(order, language)), Tone::Plain)
        }));
        let mut answers: Vec<_> = of_size.iter().map(|order| answer(order)).collect();
        answers.sort();
        answers.dedup();
        let good = of_size.iter().all(|order| order.refused_because.is_none());
        cells.push((answers.join(", "), if good { Tone::Good } else { Tone::Bad }));
        table.toned_row(cells);
    }
    table
}

/// The status, and the code of a refusal.
fn answer(order: &OrderOfLines) -> String {
    let code = order.refused_code.as_deref().filter(|code| !code.is_empty());
    code.map_or_else(|| order.status.to_string(), |code| format!("{} {code}", order.status))
}

/// What the largest accepted order costs, beside the smallest.
fn grown(measured: &OrderLines, writer: &str, language: Language) -> Option<String> {
    let accepted: Vec<_> = sizes(measured).into_iter().filter_map(|lines| accepted(measured, writer, lines)).collect();
    let (small, large) = (accepted.first()?, accepted.last()?);
    if small.lines == large.lines {
        return None;
    }
    let [from, to] = [small.lines, large.lines].map(|lines| language.count(lines));
    let [few, many] = [small.statements, large.statements].map(|statements| language.count(statements));
    let [quick, slow] = [small.took_ms, large.took_ms].map(|time| milliseconds(time, language));
    Some(say!(
        language,
        "Written {writer}, an order of {to} articles takes {many} statements and {slow} ms, one of {from} takes {few} and \
         {quick} ms.",
        writer,
        to,
        many,
        slow,
        from,
        few,
        quick
    ))
}

/// From how many articles on orders are rejected, and what the answer says; one sentence for each reason.
fn refused(measured: &OrderLines, language: Language) -> Vec<String> {
    let mut told: Vec<&str> = Vec::new();
    let mut sentences = Vec::new();
    for lines in sizes(measured) {
        for order in measured.orders.iter().filter(|order| order.lines == lines) {
            let Some(because) = order.refused_because.as_deref() else { continue };
            // The answer has the number of articles in it, which differs.
            let code = order.refused_code.as_deref().unwrap_or_default();
            if told.contains(&code) {
                continue;
            }
            told.push(code);
            sentences.push(say!(
                language,
                "An order of {lines} articles is rejected ({answer}): {because}.",
                lines = language.count(lines),
                answer = answer(order),
                because
            ));
        }
    }
    sentences
}

fn charts(measured: &OrderLines, language: Language) -> Vec<Chart> {
    let sizes = sizes(measured);
    let names: Vec<_> = sizes.iter().map(|lines| language.count(*lines)).collect();
    let groups = |value: fn(&OrderOfLines) -> f64| {
        let writers = writers(measured).into_iter().zip((0..Color::SERIES).map(Color::Series));
        let group = writers.map(|(writer, color)| Bars {
            name: writer.to_owned(),
            color,
            values: sizes.iter().map(|lines| accepted(measured, writer, *lines).map(value)).collect(),
        });
        group.collect::<Vec<_>>()
    };
    let (times, statements) = (groups(|order| order.took_ms), groups(|order| order.statements as f64));
    let chart = |title: &'static str, groups| {
        Chart::bars(language.text(title), names.clone(), groups).on_fitting_scale().in_language(language)
    };
    vec![
        chart(text!("An order by its number of articles, milliseconds"), times),
        chart(text!("Statements for an order by its number of articles"), statements),
    ]
}
