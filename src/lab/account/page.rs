//! The account as one HTML page with charts.

use super::cells::NOTHING;
use super::{Account, SubjectAccount, SubjectState, charts};
use crate::lab::Measurement;
use crate::page::{Fact, Judgement, Page};
use crate::units::{self, Language};
use crate::{say, text};

/// Makes the HTML page.
pub(super) fn page(account: &Account) -> String {
    let language = account.language;
    let title = language.text(text!("The ladder: a store from its collapse to its cure"));
    let mut page = Page::new(title).in_language(language);
    page.verdict(judgement(account), &unbroken(&headlines(account)));
    page.facts(&facts(account));
    page.charts(&charts::all(account).into_iter().map(|(_, chart)| chart).collect::<Vec<_>>());
    for table in account.ladder_tables() {
        page.markup(&table.to_html());
    }
    for (place, subject) in
        account.rungs.iter().enumerate().filter(|(_, subject)| subject.state != SubjectState::Pending)
    {
        page.heading(&subject.title(language));
        let (change, setup) = (subject.change_in(language), subject.setup_in(language));
        for text in [&*change, subject.question_in(language), &setup, &account.findings(place).join(" ")] {
            if !text.is_empty() {
                page.paragraph(&unbroken(text));
            }
        }
        page.charts(&charts::of_subject(subject, language).into_iter().map(|(_, chart)| chart).collect::<Vec<_>>());
        for table in account.subject_tables(place) {
            page.markup(&table.to_html());
        }
    }
    for experiment in account.experiments() {
        page.heading(&experiment.title);
        page.paragraph(&experiment.question);
        page.paragraph(&unbroken(&experiment.findings.join(" ")));
        page.charts(&experiment.charts);
        for table in &experiment.tables {
            page.markup(&table.to_html());
        }
    }
    page.finish(&account.setting().join(" "))
}

fn judgement(account: &Account) -> Judgement {
    match account {
        account if account.is_generator_limited() => Judgement::Doubtful,
        account if account.is_complete() => Judgement::Good,
        account if account.rungs.iter().any(|subject| subject.state == SubjectState::Broken) => Judgement::Bad,
        _ => Judgement::Open,
    }
}

/// Replaces the space before a percent sign, so that a percentage is never split between two lines.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// The headline of each subject on a line of its own, also of those that are not measured yet.
fn headlines(account: &Account) -> String {
    let line = |(place, subject): (usize, &SubjectAccount)| {
        let title = subject.title(account.language);
        match subject.state {
            SubjectState::Pending => say!(account.language, "{title}: not measured yet.", title),
            SubjectState::Measured | SubjectState::Broken => format!("{title}. {}", account.headline(place)),
        }
    };
    let broken = account.language.retold_all(&account.broken_experiments);
    account.rungs.iter().enumerate().map(line).chain(broken).collect::<Vec<_>>().join("\n")
}

/// The most important figures of the first and of the last rung. One on which a server is killed has some of its own.
fn facts(account: &Account) -> Vec<Fact> {
    let language = account.language;
    let rungs = account.measured().filter(|(subject, _)| subject.rung.is_some());
    let (with_loss, rungs): (Vec<_>, Vec<_>) = rungs.partition(|(_, shown)| shown.failover.is_some());
    let of_losses =
        with_loss.into_iter().flat_map(|(subject, shown)| facts_of_loss(subject.name_in(language), shown, language));
    let ends = match rungs.as_slice() {
        [] => Vec::new(),
        [only] => vec![only],
        [first, .., last] => vec![first, last],
    };
    let ends = ends.into_iter().flat_map(|(subject, shown)| facts_of(subject.name_in(language), shown, language));
    ends.chain(of_losses).collect()
}

fn facts_of_loss(rung: &str, shown: &Measurement, language: Language) -> Vec<Fact> {
    let Some(failover) = &shown.failover else { return Vec::new() };
    let after = failover.accepted_after_s.map(|after| language.number(&format!("{after:.1} s")));
    let none = || NOTHING.to_owned();
    let lost = failover.lost_orders();
    vec![
        Fact::new(say!(language, "without orders, {rung}", rung), after.unwrap_or_else(none))
            .bad_if(failover.accepted_after_s.is_none()),
        Fact::new(say!(language, "orders lost, {rung}", rung), lost.map_or_else(none, |lost| language.count(lost)))
            .bad_if(lost.is_some_and(|lost| lost > 0)),
    ]
}

fn facts_of(rung: &str, shown: &Measurement, language: Language) -> Vec<Fact> {
    let failed = shown.load.fail_ratio.map_or_else(|| NOTHING.to_owned(), |ratio| language.percent(ratio));
    let p95 = charts::p95(shown).map(|p95| language.number(&format!("{} ms", units::significant(p95))));
    let mut facts = vec![
        Fact::new(say!(language, "failed, {rung}", rung), failed).bad_if(shown.load.failures > 0),
        Fact::new(say!(language, "p95 of good answers, {rung}", rung), p95.unwrap_or_else(|| NOTHING.to_owned())),
    ];
    facts.extend(shown.burst.as_ref().map(|burst| {
        Fact::new(say!(language, "orders/s at most, {rung}", rung), language.significant(burst.orders_per_s))
    }));
    facts
}
