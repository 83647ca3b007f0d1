//! The results of one subject, and whether it was measured.

use serde::Serialize;

use crate::lab::Measurement;
use crate::lab::conditions::Subject;
use crate::say;
use crate::units::Language;

/// The results of one subject, which is a rung or another service. The texts among them are in English, as JSON has them; the
/// methods give those of a language.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectAccount {
    /// The number of the rung; `None` for another service.
    pub rung: Option<u8>,
    /// The name of the rung, or the label of the service.
    pub name: String,
    /// The difference to the rung before, or the address of the service.
    pub change: String,
    /// The question that the figures answer; empty for another service.
    pub question: String,
    /// The options of the store and its instances; empty for another service.
    pub setup: String,
    /// Whether the subject was measured.
    pub state: SubjectState,
    /// Why a measurement failed; `None` if none did.
    pub reason: Option<String>,
    /// The most important findings, in a sentence or two.
    pub headline: String,
    /// All findings, one sentence each, including those of the headline.
    pub findings: Vec<String>,
    /// The number of rounds in which it was measured.
    pub rounds: usize,
    /// The lowest and the highest share of failed requests of the rounds, from 0 to 1.
    pub fail_ratio_range: Option<(f64, f64)>,
    /// The measurement of the median round by fail ratio and then by p95 of good answers; of two in the middle, the worse one.
    #[serde(flatten)]
    pub shown: Option<Measurement>,
    /// The measurements of all rounds.
    #[serde(skip)]
    pub(super) all: Vec<Measurement>,
    /// The rung or the other service.
    #[serde(skip)]
    pub(super) subject: Subject,
}

/// Whether a subject was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectState {
    /// It has not been measured yet.
    Pending,
    /// It was measured in at least one round.
    Measured,
    /// It could not be measured in any round so far.
    Broken,
}

/// The nearest measured rung before the subject at this place; `None` for another service.
pub(super) fn rung_before(subjects: &[SubjectAccount], place: usize) -> Option<&SubjectAccount> {
    subjects[place].rung?;
    subjects[..place].iter().rev().find(|subject| subject.rung.is_some() && subject.shown.is_some())
}

impl SubjectAccount {
    pub(super) fn new(subject: &Subject) -> Self {
        let english = Language::English;
        let (rung, question, setup) = match subject {
            Subject::Rung(rung) => (Some(rung.number), rung.question.to_owned(), rung.setup.line(english)),
            Subject::OtherService(_) => (None, String::new(), String::new()),
        };
        Self {
            rung,
            name: subject.name().to_owned(),
            change: change(subject, english),
            question,
            setup,
            state: SubjectState::Pending,
            reason: None,
            headline: String::new(),
            findings: Vec::new(),
            rounds: 0,
            fail_ratio_range: None,
            shown: None,
            all: Vec::new(),
            subject: subject.clone(),
        }
    }

    pub(super) fn add(&mut self, mut measurement: Measurement) {
        measurement.report = None;
        self.state = SubjectState::Measured;
        self.all.push(measurement);
        self.rounds = self.all.len();
        let mut ordered: Vec<_> = self.all.iter().collect();
        // A round in which nothing was measured, or nothing succeeded, is the worst.
        let figures = |measurement: &Measurement| {
            let p95 = measurement.load.aggregated.succeeded_latency_ms.as_ref().map(|times| times.p95);
            [measurement.load.fail_ratio, p95].map(|figure| figure.unwrap_or(f64::INFINITY))
        };
        ordered.sort_by(|a, b| {
            let (a, b) = (figures(a), figures(b));
            a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
        });
        let mut ratios = ordered.iter().filter_map(|round| round.load.fail_ratio);
        self.fail_ratio_range = ratios.next().map(|low| (low, ratios.next_back().unwrap_or(low)));
        let mut shown = ordered[ordered.len() / 2].clone();
        // It is searched in one round only.
        shown.limit = shown.limit.or_else(|| self.all.iter().find_map(|round| round.limit.clone()));
        self.shown = Some(shown);
    }

    /// The name of the rung, or the label of the service.
    pub(super) fn name_in(&self, language: Language) -> &str {
        match &self.subject {
            Subject::Rung(rung) => language.text(rung.name),
            Subject::OtherService(other) => &other.label,
        }
    }

    /// The name in headings: `Rung 3: report cache`.
    pub fn title(&self, language: Language) -> String {
        let name = self.name_in(language);
        match self.rung {
            Some(number) => say!(language, "Rung {number}: {name}", number, name),
            None => name.to_owned(),
        }
    }

    /// The difference to the rung before, or the address of the service.
    pub fn change_in(&self, language: Language) -> String {
        change(&self.subject, language)
    }

    /// The question that the figures answer; empty for another service.
    pub(super) fn question_in(&self, language: Language) -> &str {
        language.text(&self.question)
    }

    /// The options of the store and its instances; empty for another service.
    pub(super) fn setup_in(&self, language: Language) -> String {
        match &self.subject {
            Subject::Rung(rung) => rung.setup.line(language),
            Subject::OtherService(_) => String::new(),
        }
    }

    /// The name in sentences: `rung 3`.
    pub(super) fn short(&self, language: Language) -> String {
        self.rung.map_or_else(|| self.name.clone(), |number| say!(language, "rung {number}", number))
    }

    /// The name above a column: `Rung 3`.
    pub(super) fn column(&self, language: Language) -> String {
        self.rung.map_or_else(|| self.name.clone(), |number| say!(language, "Rung {number}", number))
    }
}

fn change(subject: &Subject, language: Language) -> String {
    match subject {
        Subject::Rung(rung) => language.text(rung.change).to_owned(),
        Subject::OtherService(other) => say!(language, "another service, at {url}", url = other.url),
    }
}
