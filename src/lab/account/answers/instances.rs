//! What do two instances change, and which policy balances them best?

use super::super::cells::NOTHING;
use super::super::{Account, ExperimentAccount, balancing, charts, findings, subject};
use super::answer::{Answer, rung};
use crate::{say, text};

pub(super) fn two(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("What do two instances behind nginx change?"));
    let Some((before, now)) = rung(account, 3).zip(rung(account, 4)) else {
        return answer.not_measured(account, "--rungs 3,4");
    };
    let compared = findings::compared(now.0, now.1, before.0, before.1, language);
    answer.sentences.push(say!(language, "{title}. {compared}", title = now.0.title(language), compared));
    let used = |shown: &crate::lab::Measurement| {
        shown.server.as_ref().map_or_else(|| NOTHING.to_owned(), |server| language.decimals(server.cpu_cores, 2))
    };
    answer.sentences.push(say!(
        language,
        "One instance used {before} processors, two together {now}.",
        before = used(before.1),
        now = used(now.1)
    ));
    if findings::was_idle(now.1) {
        answer.sentences.push(
            language
                .text(text!(
                    "Both instances take their connections from one database, which accepts no more of them for two than for one. \
                     A second instance helps where the processor of one is the limit."
                ))
                .to_owned(),
        );
    }
    answer.sentences.extend(account.balancing.as_ref().and_then(|measured| balancing::helped(measured, language)));
    answer.table(subject::requests(now.1, Some(before.0), language));
    answer.chart("question-8", charts::failed(account));
    answer
}

pub(super) fn policies(account: &Account) -> Answer {
    let answer = Answer::to(account, text!("Which balancing policy, and why?"));
    if let Some(measured) = &account.balancing {
        return answer.by(ExperimentAccount::of_balancing(measured, account.language), "question-9");
    }
    answer.not_measured(account, "--balance all")
}
