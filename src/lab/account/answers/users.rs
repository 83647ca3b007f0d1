//! From how many users does it fail?

use super::super::cells::{NOTHING, users};
use super::super::findings;
use super::super::ladder::share;
use super::super::{Account, charts};
use super::answer::{Answer, failing};
use crate::loadtest::{ramp_charts, ramp_table};
use crate::table::{Align, Table, Tone};
use crate::{say, text};

pub(super) fn from_how_many(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("From how many users does the store fail?"));
    for (subject, shown) in failing(account) {
        let (title, failed) = (subject.title(language), findings::failed(shown, language));
        answer.sentences.push(say!(language, "{title}. {failed}", title, failed));
        answer.sentences.extend(findings::limit(shown, language));
    }
    let columns = language.names([
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("First failure, second"), Align::Right),
        (text!("Users then"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("Users served correctly"), Align::Right),
    ]);
    let title = text!("When the load test first failed, and how many users are served correctly");
    let mut table = Table::new(language.text(title), &columns);
    for (subject, shown) in account.measured() {
        let first = shown.load.timeline.iter().find(|point| point.failures > 0);
        let plain = |text: Option<String>| (text.unwrap_or_else(|| NOTHING.to_owned()), Tone::Plain);
        table.toned_row([
            plain(subject.rung.map(|number| number.to_string())),
            plain(Some(subject.name_in(language).to_owned())),
            plain(first.map(|point| language.decimals(point.at_s, 0))),
            plain(first.map(|point| language.count(point.users as u64))),
            share(shown.load.fail_ratio, language),
            plain(shown.limit.as_ref().map(|limit| users(limit, language))),
        ]);
    }
    answer.table(table);
    if account.measured().all(|(_, shown)| shown.limit.is_none()) {
        answer.sentences.push(
            language
                .text(text!(
                    "The users at the first failure depend on how fast users start, and connections pile up before the first \
                     one fails, so the number of users that are served for long is lower. `storemgr lab --find-limit` searches it."
                ))
                .to_owned(),
        );
    }
    if account.measured().next().is_none() {
        return answer.not_measured(account, "--rungs 1");
    }
    answer.chart("question-1", charts::failing(account));
    for (_, shown) in failing(account) {
        answer.tables.extend(ramp_table(&shown.load, language));
        for chart in ramp_charts(&shown.load, language) {
            answer.chart("question-1", chart);
        }
    }
    answer
}
