//! Draws a run for the page: the markup of each place, made by the same parts as the saved page.

use super::order::LONGEST_RUN;
use super::places::{Phase, Places, State};
use crate::loadtest::output::{explained, levels, page, tables};
use crate::page::Page;
use crate::run_result::{RunResult, TimelinePoint};
use crate::table::Table;
use crate::units::{self, Language};
use crate::{say, text};

/// The places for charts on the page.
pub(super) const CHARTS: usize = 12;

/// What surrounds a run on its page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    pub(super) phase: Phase,
    /// An earlier run, which is drawn over this one.
    pub(super) before: &'a [TimelinePoint],
    pub(super) language: Language,
}

/// Puts a run into its places.
pub(super) fn draw(run: &RunResult, around: Around<'_>, places: &mut Places) {
    let Around { phase, before, language } = around;
    let (verdict, tables) = tables::tables_of_figures(run, language);
    let failures = tables::all_failures(run, language);
    let charts = page::charts_of(run, before, language).into_iter().map(|chart| chart.in_language(language).to_html());
    let charts = charts.chain(std::iter::repeat_with(String::new)).take(CHARTS);
    places.state = state(run, phase);
    places.put(charts.enumerate().map(|(number, chart)| (format!("chart-{number}"), chart)));
    places.put(
        [
            ("title", units::escaped(&page::title(run, language))),
            ("status", units::escaped(&status(run, phase, language))),
            ("facts", fragment(language, |page| page.facts(&page::facts(run, language)))),
            ("statistics", html(&tables)),
            ("levels", of_levels(run, language)),
            ("failures", of_failures(run, failures.as_ref(), language)),
            ("journeys", html(&tables::all_journeys(run, language))),
            ("verdict", of_verdict(run, &verdict, language)),
        ]
        .map(|(id, markup)| (id.to_owned(), markup)),
    );
}

fn state(run: &RunResult, phase: Phase) -> State {
    // A pause goes on with the level before it.
    let asked = run.levels.iter().rev().find(|level| !level.paused).map(|level| level.level);
    let planned = run.stages.last().map(|(_, level)| *level);
    let first = run.rate.as_ref().map_or(f64::from(run.users), |rate| rate.per_second);
    let level = asked.or(planned).unwrap_or(first).to_string();
    let kind = if run.rate.is_some() { "rate" } else { "users" };
    let paused = phase == Phase::Running && run.levels.last().is_some_and(|last| last.paused);
    State { phase: if paused { Phase::Paused } else { phase }, level, kind }
}

/// The state of the run in a line.
fn status(run: &RunResult, phase: Phase, language: Language) -> String {
    let length = |seconds: f64| {
        language.number(&units::duration(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    };
    let passed = length(run.duration_s);
    let time = if run.planned_s < LONGEST_RUN.as_secs_f64() {
        say!(language, "{passed} of {planned}", passed, planned = length(run.planned_s))
    } else {
        // It goes on until it is stopped.
        passed.clone()
    };
    let users = language.count(run.timeline.last().map_or(0, |point| point.users as u64));
    let in_pause = run.levels.last().is_some_and(|last| last.paused);
    match phase {
        Phase::Idle | Phase::Ended => say!(language, "Ended after {passed}", passed),
        Phase::Running | Phase::Paused if in_pause => say!(language, "Paused, {time}", time),
        Phase::Starting | Phase::Running | Phase::Paused => match &run.rate {
            Some(_) => say!(language, "Running, {time}, {users} connections", time, users),
            None => say!(language, "Running, {time}, {users} users", time, users),
        },
    }
}

/// What the methods of a page write.
pub(super) fn fragment(language: Language, write: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::fragment().in_language(language);
    write(&mut page);
    page.into_markup()
}

fn html<'t>(tables: impl IntoIterator<Item = &'t Table>) -> String {
    tables.into_iter().map(Table::to_html).collect()
}

fn of_levels(run: &RunResult, language: Language) -> String {
    let Some((table, sentence)) = levels::levels(run, language) else { return String::new() };
    table.in_language(language).to_html() + &fragment(language, |page| page.paragraph(&sentence))
}

fn of_failures(run: &RunResult, table: Option<&Table>, language: Language) -> String {
    let Some(table) = table else {
        return fragment(language, |page| page.paragraph(language.text(text!("No request has failed."))));
    };
    let mut advice: Vec<_> = run.failure_groups.iter().filter_map(|group| group.advice.as_deref()).collect();
    advice.dedup();
    table.to_html() + &fragment(language, |page| advice.iter().for_each(|text| page.paragraph(&language.retold(text))))
}

fn of_verdict(run: &RunResult, verdict: &str, language: Language) -> String {
    fragment(language, |page| {
        page.verdict(page::judgement(run), verdict);
        let Some(shown) = explained::explained(run, language) else { return };
        page.heading(language.text(text!("What explains it")));
        shown.paragraphs.iter().chain(&shown.notes).for_each(|text| page.paragraph(text));
        shown.tables.iter().for_each(|table| page.markup(&table.to_html()));
    })
}
