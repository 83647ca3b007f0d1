//! Which requests fail, and with what messages?

use super::super::cells::NOTHING;
use super::super::findings;
use super::super::kind::RequestKind;
use super::super::subject;
use super::super::{Account, charts};
use super::answer::{Answer, Measured, failing};
use super::glossary;
use crate::page::{Bars, Chart, Color};
use crate::table::{Align, Table};
use crate::units::Language;
use crate::{say, text};

pub(super) fn by_endpoint(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("Which share of the requests of each endpoint fails?"));
    for (subject, shown) in failing(account) {
        let kinds = RequestKind::ALL.iter().filter_map(|kind| {
            let (requests, failures) = kind.counts(shown);
            let share = language.percent(kind.fail_ratio(shown)?);
            Some(say!(
                language,
                "{kind}: {failures} of {requests} ({share})",
                kind = language.text(kind.name()),
                failures = language.count(failures),
                requests = language.count(requests),
                share
            ))
        });
        let (title, kinds) = (subject.title(language), kinds.collect::<Vec<_>>().join(", "));
        answer.sentences.push(say!(language, "{title}. Failed requests: {kinds}.", title, kinds));
        answer.table(subject::requests(shown, None, language));
    }
    if answer.tables.is_empty() {
        return answer.not_measured(account, "--rungs 1");
    }
    answer.chart("question-2", charts::failed(account));
    answer
}

/// The most messages of the chart.
const MESSAGES: usize = 6;

pub(super) fn by_message(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("With what messages do requests fail, and what do they mean?"));
    let failing = failing(account);
    for (subject, shown) in &failing {
        match findings::most_frequent(shown) {
            Some((group, share)) => answer.sentences.push(say!(
                language,
                "{title}. {share} of the failures say \"{message}\".",
                title = subject.title(language),
                share = language.percent(share),
                message = group.told(language)
            )),
            None => answer.sentences.push(say!(language, "{title}. Nothing failed.", title = subject.title(language))),
        }
        answer.sentences.extend(findings::connections(shown, language));
        answer.table(meanings((subject, shown), language));
    }
    if failing.is_empty() {
        return answer.not_measured(account, "--rungs 1");
    }
    let measured: Vec<_> = account.measured().map(|(_, shown)| shown).collect();
    answer.table(glossary::messages_seen(&measured, language));
    if let Some((_, shown)) = failing.iter().find(|(_, shown)| shown.load.failures > 0) {
        // The same message of several routes is one bar.
        let mut sums: Vec<(String, u64)> = Vec::new();
        for group in &shown.load.failure_groups {
            let said = group.kind.told(&group.message, language);
            match sums.iter_mut().find(|(known, _)| *known == said) {
                Some((_, count)) => *count += group.count,
                None => sums.push((said, group.count)),
            }
        }
        sums.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        sums.truncate(MESSAGES);
        let values = sums.iter().map(|(_, count)| Some(*count as f64)).collect();
        let names = sums.into_iter().map(|(said, _)| said).collect();
        let bars = Bars { name: String::new(), color: Color::Bad, values };
        let title = language.text(text!("Failed requests by message"));
        answer.chart("question-3", Chart::bars(title, names, vec![bars]).in_language(language));
    }
    answer
}

/// The messages of a subject with their codes, and what each means.
fn meanings((_, shown): Measured<'_>, language: Language) -> Table {
    let columns = language.names([
        (text!("# fails"), Align::Right),
        (text!("Share"), Align::Right),
        (text!("Type"), Align::Left),
        (text!("Name"), Align::Left),
        (text!("Message"), Align::Left),
        (text!("Code"), Align::Left),
        (text!("What it means"), Align::Left),
    ]);
    let title = text!("Failures by message, with their share of all requests");
    let mut table = Table::new(language.text(title), &columns);
    for group in &shown.load.failure_groups {
        let known = glossary::message(&group.message);
        table.row([
            language.count(group.count),
            language.percent(group.share),
            group.method.clone(),
            group.route.clone(),
            group.kind.told(&group.message, language),
            group.code.as_deref().or(known.map(|known| known.code)).unwrap_or(NOTHING).to_owned(),
            known.map_or(NOTHING, |known| language.text(known.meaning)).to_owned(),
        ]);
    }
    table
}
