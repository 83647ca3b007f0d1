//! From how many users does it fail?

use super::super::cells::{NOTHING, users};
use super::super::findings;
use super::super::ladder::share;
use super::super::subject_account::SubjectAccount;
use super::super::{Account, charts};
use super::answer::{Answer, failing};
use crate::lab::Measurement;
use crate::lab::conditions::Subject;
use crate::lab::ladder::{LINGER_SECONDS, PER_REQUEST};
use crate::loadtest::{ramp_charts, ramp_table};
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

pub(super) fn from_how_many(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("From how many users does the store fail?"));
    for (subject, shown) in failing(account) {
        let (title, failed) = (subject.title(language), findings::failed(shown, language));
        answer.sentences.push(say!(language, "{title}. {failed}", title, failed));
        answer.sentences.extend(findings::limit(shown, language).or_else(|| computed(subject, shown, language)));
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
    if failing(account).iter().any(|(_, shown)| shown.limit.is_none()) {
        answer.sentences.push(
            language
                .text(text!(
                    "The users at the first failure depend on how fast users start, and connections pile up before the first \
                     one fails, so the number of users that are served for long is lower. `--find-limit` searches it: with `--resume FOLDER`, it is added to this lab."
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

/// With how many users the connections that requests leave open are used up, by Little's law, if nobody has searched it: the
/// connections that the store can have are the rate times the seconds for which each is kept.
fn computed(subject: &SubjectAccount, shown: &Measurement, language: Language) -> Option<String> {
    let Subject::Rung(rung) = &subject.subject else { return None };
    let (connections, load) = (shown.connections_of_store()? as f64, &shown.load);
    let rate = connections / LINGER_SECONDS;
    if rung.setup.connections != PER_REQUEST || load.requests_per_s <= rate {
        return None;
    }
    let users = f64::from(load.users);
    Some(say!(
        language,
        "Computed, not searched: {connections} connections, each kept for {linger} s, are enough for {rate} requests a second. \
         {users} users sent {sent} a second, so about {enough} users send as many.",
        connections = language.decimals(connections, 0),
        linger = language.decimals(LINGER_SECONDS, 0),
        rate = language.decimals(rate, 1),
        users = language.decimals(users, 0),
        sent = language.significant(load.requests_per_s),
        enough = language.decimals(users * rate / load.requests_per_s, 0)
    ))
}
