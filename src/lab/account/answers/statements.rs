//! What does one query per order change?

use super::super::cells::milliseconds;
use super::super::findings;
use super::super::kind::RequestKind;
use super::super::ladder::share;
use super::super::{Account, charts};
use super::answer::{Answer, rung};
use crate::table::{Align, Table, Tone};
use crate::{say, text};

pub(super) fn one_query(account: &Account) -> Answer {
    let language = account.language;
    let mut answer = Answer::to(account, text!("What does one query per order change, instead of one per article?"));
    let Some((before, now)) = rung(account, 1).zip(rung(account, 2)) else {
        return answer.not_measured(account, "--rungs 1,2");
    };
    answer.sentences.extend(findings::order_alone(now.1, before.1, language));
    let compared = findings::compared(now.0, now.1, before.0, before.1, language);
    let title = now.0.title(language);
    answer.sentences.push(say!(language, "{title}, under load. {compared}", title, compared));
    if findings::was_idle(now.1) {
        answer.sentences.push(
            language
                .text(text!(
                    "The order takes fewer statements, but its connection stays open for as long as before, and connections are \
                     what is missing."
                ))
                .to_owned(),
        );
    }
    let columns = language.names([
        (text!("Rung"), Align::Left),
        (text!("Statements"), Align::Right),
        (text!("Alone, ms"), Align::Right),
        (text!("Orders failed"), Align::Right),
        (text!("Orders/s"), Align::Right),
    ]);
    let title = text!("An order of three products without other load, and orders under load");
    let mut table = Table::new(language.text(title), &columns);
    for (subject, shown) in [before, now] {
        let alone = shown.alone.as_ref();
        let plain = |text: Option<String>| (text.unwrap_or_default(), Tone::Plain);
        table.toned_row([
            plain(Some(subject.title(language))),
            plain(alone.map(|alone| language.count(alone.order_statements))),
            plain(alone.map(|alone| milliseconds(alone.order_ms, language))),
            share(RequestKind::Orders.fail_ratio(shown), language),
            plain(shown.burst.as_ref().map(|burst| language.significant(burst.orders_per_s))),
        ]);
    }
    answer.table(table);
    answer.chart("question-4", charts::statements(account));
    answer
}
