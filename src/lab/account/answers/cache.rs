//! What does the report cache change?

use super::super::cells::{NOTHING, time};
use super::super::findings;
use super::super::kind::RequestKind;
use super::super::ladder::share;
use super::super::{Account, charts};
use super::answer::{Answer, Measured, rung};
use crate::lab::ServerSide;
use crate::run_result::LatencySummary;
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

pub(super) fn reports(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("What does the report cache change?"));
    let Some((before, now)) = rung(account, 2).zip(rung(account, 3)) else {
        return answer.not_measured(account, "--rungs 2,3");
    };
    let compared = findings::compared(now.0, now.1, before.0, before.1, language);
    answer.sentences.push(say!(language, "{title}. {compared}", title = now.0.title(language), compared));
    answer.sentences.extend(findings::cached(now.1, None, language));
    if RequestKind::Orders.fail_ratio(now.1).is_some_and(|ratio| ratio > 0.0) {
        answer.sentences.push(
            language
                .text(text!(
                    "The cache takes the reports away from the database, but an order needs a connection as before: the cache \
                     has not freed what is missing."
                ))
                .to_owned(),
        );
    }
    answer.table(statistics(&[before, now], language));
    answer.table(times(&[before, now], language));
    answer.chart("question-6", charts::failed(account));
    answer
}

fn statistics(rungs: &[Measured<'_>], language: Language) -> Table {
    let columns = language.names([
        (text!("Rung"), Align::Left),
        (text!("Look-ups"), Align::Right),
        (text!("Hits"), Align::Right),
        (text!("Misses"), Align::Right),
        (text!("Hit rate"), Align::Right),
        (text!("Stale"), Align::Right),
        (text!("Rows read"), Align::Right),
    ]);
    let title = text!("The cache, as the store counted it, and the rows that the database read");
    let mut table = Table::new(language.text(title), &columns);
    for (subject, shown) in rungs {
        let server = shown.server.as_ref().filter(|server| server.cache_lookups > 0);
        let count = |value: fn(&ServerSide) -> u64| {
            server.map_or_else(|| NOTHING.to_owned(), |server| language.count(value(server)))
        };
        let ratio = |value: fn(&ServerSide) -> Option<f64>| {
            server.and_then(value).map_or_else(|| NOTHING.to_owned(), |ratio| language.percent(ratio))
        };
        let rows = shown.database.as_ref().map(|database| language.count(database.rows_read));
        table.row([
            subject.title(language),
            count(|server| server.cache_lookups),
            count(|server| server.cache_hits),
            count(|server| server.cache_lookups - server.cache_hits),
            ratio(ServerSide::hit_ratio),
            ratio(ServerSide::stale_ratio),
            rows.unwrap_or_else(|| NOTHING.to_owned()),
        ]);
    }
    table
}

fn times(rungs: &[Measured<'_>], language: Language) -> Table {
    const FIGURES: [fn(&LatencySummary) -> f64; 3] = [|times| times.p50, |times| times.p95, |times| times.p99];
    let columns = language.names([
        (text!("Rung"), Align::Left),
        (text!("Report"), Align::Left),
        (text!("Requests"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("p50"), Align::Right),
        (text!("p95"), Align::Right),
        (text!("p99"), Align::Right),
    ]);
    let title = text!("Reports: the share that failed, and how long good answers took, in milliseconds");
    let mut table = Table::new(language.text(title), &columns);
    for (subject, shown) in rungs {
        for route in shown.load.routes.iter().filter(|route| RequestKind::Reports.has(route)) {
            let plain = |text: String| (text, Tone::Plain);
            let good = route.good_answers();
            let head =
                [plain(subject.title(language)), plain(route.route.clone()), plain(language.count(route.requests))];
            let figures = FIGURES.map(|figure| plain(time(&good, figure, language)));
            table.toned_row(head.into_iter().chain([share(route.fail_ratio(), language)]).chain(figures));
        }
    }
    table
}
