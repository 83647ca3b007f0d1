//! What a viewer asks for by the forms of the page: read, checked, and refused with a sentence.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::loadtest::control::SteeredLoad;
use crate::loadtest::judge::{InvalidThreshold, Threshold};
use crate::units::{self, Language};
use crate::{say, text};

/// The highest rate, in requests per second.
const MOST_RATE: f64 = 1e6;

/// The longest run whose end nobody has set, or that somebody asks for.
pub(super) const LONGEST_RUN: Duration = Duration::from_hours(24);

/// What may be chosen when a run is started from the page, and what the form shows at first.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The services that may be put under load.
    pub hosts: Vec<String>,
    /// The names of the scenarios.
    pub scenarios: Vec<String>,
    /// The thresholds that were given on the command line.
    pub thresholds: Vec<String>,
    /// The run time of the command line.
    pub run_time: Duration,
    /// How many users start per second, if the command line says so.
    pub spawn_rate: Option<f64>,
}

/// A run that was asked for from the page.
#[derive(Clone, Debug)]
pub struct StartOrder {
    /// The place of the service among the choices.
    pub host: usize,
    /// The place of the scenario among the choices.
    pub scenario: usize,
    /// The load.
    pub load: OrderedLoad,
    /// How long requests are sent.
    pub run_time: Duration,
    /// Conditions on the figures.
    pub thresholds: Vec<Threshold>,
}

/// A run that was asked for, and the number that it has on the page.
#[derive(Clone, Debug)]
pub struct OrderedRun {
    /// Its number, also if it is not made.
    pub number: u64,
    /// What was asked for.
    pub order: StartOrder,
}

/// The load that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrderedLoad {
    /// Users who wait and think.
    Users {
        /// Their number.
        users: u32,
        /// How many of them start per second; `None` for a usual number.
        spawn_rate: Option<f64>,
    },
    /// What is due, whoever has time for it.
    Rate {
        /// Requests per second.
        per_second: f64,
        /// Whether they come at random, like independent visitors, and not at equal intervals.
        at_random: bool,
    },
}

/// One thing to do.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Start(Box<StartOrder>),
    Load(SteeredLoad),
    Pause,
    GoOn,
    Stop,
}

/// The fields of a form.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the body of a request. Of a field that comes twice the last one counts.
    pub(super) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    fn place(&self, name: &str, choices: &[String]) -> Option<usize> {
        self.field(name).parse().ok().filter(|place| *place < choices.len())
    }

    /// A number above 0; None where nothing is written.
    fn speed(&self, name: &str, language: Language) -> Result<Option<f64>, String> {
        let text = self.field(name);
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.replace(',', ".").parse().ok().filter(|number: &f64| *number > 0.0 && *number <= MOST_RATE);
        let refusal =
            || say!(language, "{text} is not a number above 0: write how much is added in a second, such as 10", text);
        number.map(Some).ok_or_else(refusal)
    }

    fn users(&self, most: u32, language: Language) -> Result<u32, String> {
        let text = self.field("level");
        let most_shown = language.count(most.into());
        let refusal = || say!(language, "{text} is not a number of users from 0 to {most_shown}", text, most_shown);
        text.parse().ok().filter(|users| *users <= most).ok_or_else(refusal)
    }

    fn rate(&self, language: Language) -> Result<f64, String> {
        let text = self.field("level");
        let number = text.replace(',', ".").parse().ok().filter(|rate| (0.0..=MOST_RATE).contains(rate));
        number.ok_or_else(|| say!(language, "{text} is not a rate from 0 to 1000000 requests per second", text))
    }

    /// What a form asks for. `is_rate` is the kind of the run that goes on, and `most_users` are as many as it can have.
    pub(super) fn order(
        &self,
        choices: &Choices,
        is_rate: bool,
        most_users: u32,
        language: Language,
    ) -> Result<Order, String> {
        match self.field("action") {
            "pause" => Ok(Order::Pause),
            "go-on" => Ok(Order::GoOn),
            "stop" => Ok(Order::Stop),
            "change" => {
                let level = if is_rate { self.rate(language)? } else { f64::from(self.users(most_users, language)?) };
                Ok(Order::Load(SteeredLoad { level, per_second: self.speed("per_second", language)? }))
            }
            "start" => self.start(choices, most_users, language).map(|start| Order::Start(Box::new(start))),
            _ => Err(language.text(text!("This is not an order that the page knows")).to_owned()),
        }
    }

    fn start(&self, choices: &Choices, most_users: u32, language: Language) -> Result<StartOrder, String> {
        let unknown = || language.text(text!("Choose a service and a scenario from the lists")).to_owned();
        let host = self.place("host", &choices.hosts).ok_or_else(unknown)?;
        let scenario = self.place("scenario", &choices.scenarios).ok_or_else(unknown)?;
        let nothing = || language.text(text!("A run needs a load above 0")).to_owned();
        let load = if self.field("kind") == "rate" {
            let per_second = Some(self.rate(language)?).filter(|rate| *rate > 0.0).ok_or_else(nothing)?;
            OrderedLoad::Rate { per_second, at_random: self.field("arrivals") == "poisson" }
        } else {
            let users = Some(self.users(most_users, language)?).filter(|users| *users > 0).ok_or_else(nothing)?;
            OrderedLoad::Users { users, spawn_rate: self.speed("per_second", language)? }
        };
        let thresholds = self.field("thresholds").lines().map(str::trim).filter(|line| !line.is_empty());
        let refusal = |error: InvalidThreshold| language.retold(&error.to_string());
        let thresholds = thresholds.map(|line| line.parse::<Threshold>().map_err(refusal));
        let thresholds = thresholds.collect::<Result<_, _>>()?;
        Ok(StartOrder { host, scenario, load, run_time: self.run_time(language)?, thresholds })
    }

    /// The run time; the longest one where nothing is written.
    fn run_time(&self, language: Language) -> Result<Duration, String> {
        let text = self.field("run_time");
        if text.is_empty() {
            return Ok(LONGEST_RUN);
        }
        let time = units::parse_duration(text).ok().filter(|time| !time.is_zero() && *time <= LONGEST_RUN);
        time.ok_or_else(|| say!(language, "{text} is not a run time: write 90s or 5m, at most 24h, or nothing", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(body: &str) -> Result<Order, String> {
        let choices = Choices {
            hosts: vec!["http://a".to_owned()],
            scenarios: vec!["store".to_owned(), "shop".to_owned()],
            ..Choices::default()
        };
        Form::read(body.as_bytes()).order(&choices, false, 500, Language::English)
    }

    #[test]
    fn a_run_is_ordered_within_the_choices() {
        let body = "action=start&host=0&scenario=1&kind=users&level=20&per_second=2%2C5&run_time=90s&thresholds=p95%3C200ms%0D%0Achecks%3E99%25";
        let Ok(Order::Start(start)) = ordered(body) else { panic!("{:?}", ordered(body)) };
        assert_eq!((start.host, start.scenario, start.run_time), (0, 1, Duration::from_secs(90)));
        assert_eq!(start.load, OrderedLoad::Users { users: 20, spawn_rate: Some(2.5) });
        assert_eq!(start.thresholds.len(), 2);
        let Ok(Order::Start(open)) = ordered("action=start&host=0&scenario=0&kind=rate&level=0.5") else { panic!() };
        assert_eq!(open.load, OrderedLoad::Rate { per_second: 0.5, at_random: false });
        assert_eq!(open.run_time, LONGEST_RUN);
        let body = "action=start&host=0&scenario=0&kind=rate&level=20&arrivals=poisson";
        let Ok(Order::Start(random)) = ordered(body) else { panic!() };
        assert_eq!(random.load, OrderedLoad::Rate { per_second: 20.0, at_random: true });
        for (body, sentence) in [
            ("action=start&host=1&scenario=0&kind=users&level=5", "Choose a service"),
            ("action=start&host=http%3A%2F%2Fother&scenario=0&kind=users&level=5", "Choose a service"),
            ("action=start&host=0&scenario=0&kind=users&level=0", "A run needs"),
            ("action=start&host=0&scenario=0&kind=users&level=501", "501 is not a number of users from 0 to 500"),
            ("action=start&host=0&scenario=0&kind=users&level=5&run_time=25h", "25h is not a run time"),
            ("action=start&host=0&scenario=0&kind=users&level=5&thresholds=p95", "\"p95\" contains no comparison"),
            ("action=change&level=-1", "-1 is not a number of users"),
            ("action=change&level=5&per_second=0", "0 is not a number above 0"),
            ("action=exec", "This is not an order"),
            ("", "This is not an order"),
        ] {
            let refused = ordered(body).map(|_| ()).unwrap_err();
            assert!(refused.starts_with(sentence), "{body}: {refused}");
        }
    }

    #[test]
    fn a_threshold_is_refused_in_the_language_of_the_page() {
        let choices =
            Choices { hosts: vec!["a".to_owned()], scenarios: vec!["store".to_owned()], ..Choices::default() };
        for wrong in
            ["p95", "p95=1s", "p101<1s", "good:POST /orders:p95<1s", "good:failures>5", "p95<soon", "fail_ratio<200%"]
        {
            let body = form_urlencoded::Serializer::new(String::from("action=start&host=0&scenario=0&level=5"))
                .append_pair("thresholds", wrong)
                .finish();
            let said = |language| Form::read(body.as_bytes()).order(&choices, false, 500, language).unwrap_err();
            let (english, french) = (said(Language::English), said(Language::French));
            assert_ne!(english, french, "{wrong}");
            let words = [" write ", " cannot ", " contains ", " is not ", " compares ", " must ", " stands "];
            assert!(!words.iter().any(|word| french.contains(word)), "{french}");
        }
    }

    #[test]
    fn a_load_is_changed_at_once_or_slowly() {
        let load = |body| match ordered(body) {
            Ok(Order::Load(load)) => load,
            other => panic!("{other:?}"),
        };
        assert_eq!(load("action=change&level=60&per_second="), SteeredLoad { level: 60.0, per_second: None });
        assert_eq!(load("action=change&level=0&per_second=4"), SteeredLoad { level: 0.0, per_second: Some(4.0) });
        let rate = Form::read(b"action=change&level=2.5").order(&Choices::default(), true, 0, Language::English);
        assert!(matches!(rate, Ok(Order::Load(load)) if (load.level - 2.5).abs() < 1e-9), "{rate:?}");
    }
}
