//! Why do writes stay bad?

use super::super::kind::RequestKind;
use super::super::{Account, charts, findings, ladder};
use super::answer::{Answer, rung};
use crate::{say, text};

/// The rungs with every cure that was tried, the last first, until the one that works.
const TRIED: [u8; 4] = [4, 3, 2, 1];

/// The rung that bounds the connections.
const BOUNDED: u8 = 5;

pub(super) fn stay_bad(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("Why do writes stay bad?"));
    let Some((subject, shown)) = TRIED.iter().find_map(|number| rung(account, *number)) else {
        return answer.not_measured(account, "--rungs 1-5");
    };
    let orders = |shown| RequestKind::Orders.fail_ratio(shown).map(|ratio| language.percent(ratio)).unwrap_or_default();
    answer.sentences.push(say!(
        language,
        "{title}. {share} of the orders failed.",
        title = subject.title(language),
        share = orders(shown)
    ));
    answer.sentences.extend(findings::connections(shown, language));
    if let Some((cured, after)) = rung(account, BOUNDED) {
        answer.sentences.push(say!(
            language,
            "{title} ({change}). {share} of the orders failed.",
            title = cured.title(language),
            change = cured.change_in(language),
            share = orders(after)
        ));
        answer.sentences.extend(findings::connections(after, language));
        let before = Some((subject, shown));
        answer.sentences.extend(after.burst.as_ref().map(|burst| findings::written(burst, before, language)));
    }
    answer.table(ladder::reasons(&account.rungs, language));
    answer.table(ladder::writes(&account.rungs, language));
    if let Some(chart) = charts::asleep(shown, language) {
        answer.chart("question-7", chart);
    }
    answer
}
