//! `storemgr loadtest`: puts a service under load and reports what it did.

mod choices;
mod groups;
mod import;
mod judgement;
mod load;
mod observe;
mod request;
mod results;
mod scenario;
mod search;
mod session;
mod target;
mod way;

use std::pin::pin;

use anyhow::anyhow;
use storemgr::loadtest::{
    self, Choices, Config, Ended, Exporter, Finished, Found, LivePage, Load, LoadTestError, OrderedRun, RunOutputs,
    STORE_SCENARIO, Scenario, SearchOutputs, StoreSize, Threshold, interrupted_by, steering,
};
use storemgr::net::{Scheme, Target};
use storemgr::process::{self, Exit};
use storemgr::run_result::{Build, GaveWay, LimitEnded, LimitResult, RunResult, Verdict};
use storemgr::units::Language;
use storemgr::{say, table, units};

use self::choices::ChoiceArgs;
use self::groups::{
    BUILT_IN_SCENARIO, NOT_WITH_FIND_LIMIT, NOT_WITH_ITERATIONS, NOT_WITH_RATE, NOT_WITH_RATE_OR_STAGE, NOT_WITH_STAGE,
    WITH_FIND_LIMIT, WITH_HTTPS, WITH_RATE, WITH_URL,
};
use self::judgement::JudgementArgs;
use self::load::LoadArgs;
use self::observe::ObserveArgs;
use self::request::RequestArgs;
use self::results::{PipelineFiles, ResultArgs, ResultFiles};
use self::scenario::ScenarioArgs;
use self::search::SearchArgs;
use self::session::{Interrupt, Offered, session};
use self::target::TargetArgs;
use crate::failure::{CommandResult, Failure};
use crate::options::{NamedFiles, PageArgs, TypedOptions, close_page, token};
use crate::output;

/// Put a service under load: with users who wait and think, or with requests at a rate
///
/// The response time of a request runs from the instant it was due (for a user: just before it is sent) to the last
/// byte of the answer. A request has failed when no complete answer came or its status is 400 or more. Exit codes: 1 too many requests failed, 98 the generator was the bottleneck, 99 a
/// threshold was crossed.
#[derive(Debug, clap::Args)]
#[command(groups = groups::all())]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    judgement: JudgementArgs,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    observe: ObserveArgs,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    choices: ChoiceArgs,
    #[command(flatten)]
    results: ResultArgs,
}

/// Why options for TLS are refused.
const NOTHING_ENCRYPTED: &str = "has no effect on an http:// address: write https:// for TLS";
/// Why a think time is refused: on a journey users think between its steps, at a rate as well.
const NOBODY_WAITS: &str = "has no effect with --rate (or STOREMGR_RATE): nobody waits between requests";

pub(crate) async fn run(mut args: Args, typed: &TypedOptions) -> CommandResult {
    if args.scenario.prints() {
        if let Some(path) = args.scenario.imported() {
            typed.only_with("--print-scenario", &["--import"])?;
            return import::print(path);
        }
        typed.only("--print-scenario")?;
        return output::write(STORE_SCENARIO.as_bytes()).map(|()| Exit::Good);
    }
    if typed.has("--host") && !typed.has("--limit-instances") {
        // Those of the environment are the instances of another store.
        args.search.forget_instances();
    }
    args.check(typed).map_err(|sentence| Failure::usage(anyhow!(sentence)))?;
    let scenario = match args.request.scenario()? {
        Some(scenario) => args.scenario.with_think_time(scenario),
        None => args.scenario.load(StoreSize::default())?,
    };
    if let Some(option) = typed.first_in(NOT_WITH_RATE).filter(|_| args.load.has_rate() && !scenario.has_journeys()) {
        return Err(Failure::usage(anyhow!("{option} {NOBODY_WAITS}")));
    }
    let plain = args.scenario.is_of_a_file() && args.is_plain(args.target.host(), &scenario.other_services());
    if let Some(option) = typed.first_in(WITH_HTTPS).filter(|_| plain) {
        return Err(Failure::usage(anyhow!("{option} {NOTHING_ENCRYPTED}")));
    }
    let more_scenarios = args.choices.scenarios(&args.scenario)?;
    args.named_files([&scenario].into_iter().chain(&more_scenarios)).check()?;
    let config = args.config()?;
    if args.search.find_limit {
        Box::pin(find_limit(&args, config, scenario)).await
    } else if args.starts_from_the_page() {
        // The future of a session holds that of a run.
        Box::pin(run_session(&args, config, scenario, more_scenarios)).await
    } else {
        Box::pin(run_once(&args, config, scenario)).await
    }
}

async fn run_once(args: &Args, config: Config, scenario: Scenario) -> CommandResult {
    let files = args.results.open(loadtest::page)?;
    let pipeline = args.results.open_pipeline()?;
    let exporter = args.results.exporter().await?;
    let language = args.results.language;
    let page = args.page.listen(language, true, None)?;
    let made = async {
        let (interrupt, thresholds) = (Interrupt::listen()?, args.judgement.thresholds.clone());
        let asked = Asked { config, scenario, thresholds, is_of_the_command_line: true };
        let shown = Shown { exporter: exporter.as_ref(), page: page.as_ref(), interrupt: &interrupt };
        let Some(made) = measure(args, &args.results, asked, &files, shown).await? else {
            return Ok(Exit::Interrupted);
        };
        let written = made.write(files, &pipeline, &args.judgement);
        let result = page.is_some().then(|| made.finished.result.clone());
        let outcome = written.and(made.outcome(&args.judgement)).map(|(exit, _)| exit);
        match page.as_ref().zip(result) {
            Some((page, result)) if outcome.is_ok() => page.end_for_good(result).await,
            Some((page, result)) => page.end(result).await,
            None => {}
        }
        outcome
    };
    close_page(page.as_ref(), language, Box::pin(made).await).await
}

/// Waits for runs that are started from the page, and makes them.
async fn run_session(args: &Args, config: Config, scenario: Scenario, more_scenarios: Vec<Scenario>) -> CommandResult {
    let offered = Offered::new(&config.target, args.choices.hosts(), scenario, more_scenarios);
    // A bad path fails now and not when the first run is started.
    let first = args.results.numbered(1);
    drop((first.open(loadtest::page)?, first.open_pipeline()?));
    let exporter = args.results.exporter().await?;
    let interrupt = Interrupt::listen()?;
    let thresholds = args.judgement.thresholds.iter().map(ToString::to_string).collect();
    let (run_time, spawn_rate) = (args.load.run_time(), args.load.spawn_rate());
    let at_first = Choices { thresholds, run_time, spawn_rate, ..Choices::default() };
    let choices = offered.choices(args.choices.scenario_files(), at_first);
    let language = args.results.language;
    let Some(page) = args.page.listen(language, true, Some(choices))? else {
        return Ok(Exit::Usage);
    };
    let run = async |OrderedRun { number, order }: OrderedRun| {
        let (config, scenario, is_of_the_command_line) = offered.ordered(&config, &args.target.way, &order);
        let asked = Asked { config, scenario, thresholds: order.thresholds, is_of_the_command_line };
        let results = args.results.numbered(number);
        let (files, pipeline) = (results.open(loadtest::page)?, results.open_pipeline()?);
        let shown = Shown { exporter: exporter.as_ref(), page: Some(&page), interrupt: &interrupt };
        let Some(made) = measure(args, &results, asked, &files, shown).await? else {
            return Ok((Exit::Interrupted, Ended::Interrupted));
        };
        let written = made.write(files, &pipeline, &args.judgement);
        page.end(made.finished.result.clone()).await;
        written.and(made.outcome(&args.judgement))
    };
    let outcome = Box::pin(session(&page, language, &interrupt, run)).await;
    close_page(Some(&page), language, outcome).await
}

/// A run that was asked for, on the command line or on the page.
struct Asked {
    config: Config,
    scenario: Scenario,
    thresholds: Vec<Threshold>,
    /// Whether the scenario is that of the command line, with its options.
    is_of_the_command_line: bool,
}

/// Where a run is shown while it lasts, and what interrupts it.
struct Shown<'a> {
    exporter: Option<&'a Exporter>,
    page: Option<&'a LivePage>,
    interrupt: &'a Interrupt,
}

/// A run that was made.
struct Made {
    finished: Finished,
    thresholds: Vec<Threshold>,
}

impl Made {
    /// Writes its files and shows its tables.
    fn write(
        &self,
        files: ResultFiles<RunResult>,
        pipeline: &PipelineFiles,
        judgement: &JudgementArgs,
    ) -> Result<(), Failure> {
        let result = &self.finished.result;
        let piped = pipeline.write(result, judgement.too_many_failed(result, &self.thresholds));
        files.write(result, show).and(piped)
    }

    /// Its exit code and how it ended, or why its files are not complete.
    fn outcome(self, judgement: &JudgementArgs) -> Result<(Exit, Ended), Failure> {
        let Finished { result, ended, unwritten } = self.finished;
        match unwritten {
            Some(error) => Err(failure(error)),
            None => Ok((exit(&result, ended, judgement, &self.thresholds), ended)),
        }
    }
}

/// Makes a run. None if it was interrupted before its first request.
async fn measure(
    args: &Args,
    results: &ResultArgs,
    asked: Asked,
    files: &ResultFiles<RunResult>,
    shown: Shown<'_>,
) -> Result<Option<Made>, Failure> {
    let Asked { config, scenario, thresholds, is_of_the_command_line } = asked;
    let Shown { exporter, page, interrupt } = shown;
    let csv = results.open_csv()?;
    let fitted =
        if is_of_the_command_line { args.fitted(scenario, &config, interrupt.came()).await? } else { Some(scenario) };
    let Some(scenario) = fitted else {
        interrupted(&LoadTestError::Interrupted);
        return Ok(None);
    };
    let criteria = args.judgement.criteria(thresholds.clone(), &loadtest::conditions(&config, &scenario))?;
    let builds = if is_of_the_command_line { args.builds(&config).await } else { Vec::new() };
    // Opened before the load: at a collapse no connection can be opened.
    let observing = args.observe.start(&config.target).await?;
    let outputs = RunOutputs {
        show: !results.quiet,
        language: results.language,
        csv,
        snapshot: Some(Box::new(|run| files.write_so_far(run))),
        exporter,
        page,
        tags: results.tags(),
        builds,
        observing: observing.as_ref(),
    };
    if !results.quiet {
        process::tell(&announcement(&config, scenario.has_journeys(), results.language));
    }
    let (controller, steering) = steering();
    if let Some(page) = page {
        let before = criteria.baseline.as_ref().map_or_else(Vec::new, |baseline| baseline.course().to_vec());
        page.begin(controller.clone(), matches!(config.load, Load::Rate(_)), before);
    }
    let run = loadtest::run(config, &criteria, scenario, outputs, steering);
    match controller.interrupts(interrupt.came(), run).await {
        Err(error @ LoadTestError::Interrupted) => {
            interrupted(&error);
            Ok(None)
        }
        ran => ran.map(|finished| Some(Made { finished, thresholds })).map_err(failure),
    }
}

async fn find_limit(args: &Args, config: Config, scenario: Scenario) -> CommandResult {
    let search = args.search.search(&config.target)?;
    let files = args.results.open(loadtest::limit_page)?;
    let exporter = args.results.exporter().await?;
    let mut outputs = SearchOutputs {
        show: !args.results.quiet,
        language: args.results.language,
        csv: args.results.open_steps()?,
        snapshot: Some(Box::new(|limit| files.write_so_far(limit))),
        exporter: exporter.as_ref(),
        tags: args.results.tags(),
        ..SearchOutputs::default()
    };
    let thresholds = args.judgement.thresholds.clone();
    let mut interrupt = pin!(process::terminated().map_err(Failure::could_not_run)?);
    let Some(scenario) = args.fitted(scenario, &config, interrupt.as_mut()).await? else {
        return Ok(interrupted(&LoadTestError::Interrupted));
    };
    outputs.builds = args.builds(&config).await;
    let find = |steering| Box::pin(loadtest::find_limit(config, thresholds, &scenario, search, outputs, steering));
    let found = interrupted_by(interrupt, find).await;
    let Found { limit, unwritten } = found.map_err(failure)?;
    files.write(&limit, show_limit)?;
    unwritten.map_or(Ok(()), |error| Err(failure(error)))?;
    Ok(match (limit.ended, limit.gave_way) {
        (LimitEnded::Interrupted, _) => Exit::Interrupted,
        (LimitEnded::HeldBack | LimitEnded::Searching, _) => Exit::CouldNotRun,
        (LimitEnded::Finished, GaveWay::Generator) => Exit::GeneratorLimited,
        (LimitEnded::Finished, _) if limit.last_good.is_none() => Exit::Bad,
        (LimitEnded::Finished, GaveWay::Service | GaveWay::Nobody) => Exit::Good,
    })
}

fn show_limit(limit: &LimitResult, language: Language) -> Result<(), Failure> {
    let (sentences, chart, table) = loadtest::limit_tables(limit, language);
    let sentences = folded(&sentences);
    output::say(&format!("{sentences}\n\n{chart}\n\n{}", table.to_terminal()))
}

/// Wraps sentences to the width of the terminal.
fn folded(sentences: &str) -> String {
    table::folded(sentences, table::terminal_width())
}

fn interrupted(error: &LoadTestError) -> Exit {
    process::tell(&format!("storemgr: {error}"));
    Exit::Interrupted
}

fn announcement(config: &Config, has_journeys: bool, language: Language) -> String {
    let lasts = language.number(&units::duration(config.warm_up + config.measured()));
    let level = |level: f64| language.number(&level.to_string());
    let start = match &config.load {
        Load::Users(users) => say!(language, "{users} users", users = users.users),
        Load::Rate(rate) if has_journeys => {
            say!(language, "{rate} journeys per second", rate = level(rate.per_second))
        }
        Load::Rate(rate) => say!(language, "{rate} requests per second", rate = level(rate.per_second)),
    };
    let to = config.load.stages().iter().map(|stage| {
        let within = language.number(&format!("{:?}", stage.lasts));
        say!(language, ", {level} within {within}", level = level(stage.level), within)
    });
    let lasts = match config.iterations {
        Some(journeys) if has_journeys => {
            say!(language, "{journeys} journeys, at most {lasts}", journeys = language.count(journeys), lasts)
        }
        Some(requests) => {
            say!(language, "{requests} requests, at most {lasts}", requests = language.count(requests), lasts)
        }
        None => lasts,
    };
    let stages = to.collect::<String>();
    say!(language, "{start}{stages} on {host} for {lasts}", start, stages, host = config.target, lasts)
}

fn show(run: &RunResult, language: Language) -> Result<(), Failure> {
    let (verdict, tables) = loadtest::tables(run, language);
    output::say(&folded(&verdict))?;
    tables.iter().try_for_each(|table| output::say(&format!("\n{}", table.to_terminal())))?;
    let mut advice: Vec<_> = run.failure_groups.iter().filter_map(|group| group.advice.as_deref()).collect();
    advice.dedup();
    advice.iter().try_for_each(|sentence| output::say(&format!("\n{}", folded(&language.retold(sentence)))))?;
    let Some(shown) = loadtest::explained_briefly(run, language) else { return Ok(()) };
    shown.paragraphs.iter().try_for_each(|text| output::say(&format!("\n{}", folded(text))))?;
    shown.tables.iter().try_for_each(|table| output::say(&format!("\n{}", table.to_terminal())))?;
    shown.notes.iter().try_for_each(|text| output::say(&format!("\n{}", folded(text))))
}

/// An interrupt explains why a run is short, so it comes first. If the generator was the bottleneck, no other result is
/// valid. Given thresholds take precedence over the share of failures.
fn exit(run: &RunResult, ended: Ended, judgement: &JudgementArgs, thresholds: &[Threshold]) -> Exit {
    match (ended, run.verdict) {
        (Ended::Interrupted, _) => Exit::Interrupted,
        (Ended::Finished, Verdict::GeneratorLimited) => Exit::GeneratorLimited,
        (Ended::Finished, Verdict::Valid) if !run.thresholds_hold() => Exit::ThresholdCrossed,
        (Ended::Finished, Verdict::Valid) if judgement.too_many_failed(run, thresholds) => Exit::Bad,
        (Ended::Finished, Verdict::Valid) => Exit::Good,
    }
}

fn failure(error: LoadTestError) -> Failure {
    match error {
        LoadTestError::Tls(_)
        | LoadTestError::TooFewHandles { .. }
        | LoadTestError::UnknownRoute { .. }
        | LoadTestError::NoCheck { .. }
        | LoadTestError::AmbiguousRoute { .. } => Failure::usage(error),
        LoadTestError::Unreachable { .. }
        | LoadTestError::Interrupted
        | LoadTestError::Files(_)
        | LoadTestError::Workers(_) => Failure::could_not_run(error),
    }
}

impl Args {
    /// Whether runs are started from the page, because nothing says how much load there is to be.
    fn starts_from_the_page(&self) -> bool {
        self.page.is_wanted() && !self.load.is_given()
    }

    /// Whether no service that may be asked has an https address. `others` are those that the scenario names.
    fn is_plain(&self, target: Option<&Target>, others: &[&Target]) -> bool {
        let named = [self.choices.hosts(), self.search.instances()].concat();
        let mut all = target.into_iter().chain(others.iter().copied()).chain(&named);
        target.is_some() && all.all(|target| target.scheme() == Scheme::Http)
    }

    /// Refuses options that were typed and would have no effect.
    fn check(&self, typed: &TypedOptions) -> Result<(), String> {
        let find_limit = self.search.find_limit;
        let has_course = self.load.has_rate() || self.load.has_stages();
        let target = self.request.target().or(self.target.host());
        // The services of a file are known when it has been read.
        let plain = !self.scenario.is_of_a_file() && self.is_plain(target, &[]);
        // For each group: whether its options would have no effect, and why.
        let rules = [
            (find_limit, NOT_WITH_FIND_LIMIT, "has no effect with --find-limit, which times its loads itself"),
            (!find_limit, WITH_FIND_LIMIT, "has no effect without --find-limit"),
            (has_course, NOT_WITH_RATE_OR_STAGE, "has no effect with --rate (or STOREMGR_RATE) or --stage"),
            (self.load.has_stages(), NOT_WITH_STAGE, "has no effect with --stage, whose durations add up"),
            (self.load.has_rate() && !self.scenario.is_of_a_file(), NOT_WITH_RATE, NOBODY_WAITS),
            (!self.load.has_rate(), WITH_RATE, "has no effect without --rate"),
            (plain, WITH_HTTPS, NOTHING_ENCRYPTED),
            (self.request.target().is_none(), WITH_URL, "has no effect without a URL: a scenario says what is sent"),
            (
                self.load.iterations.is_some(),
                NOT_WITH_ITERATIONS,
                "has no effect with --iterations (or STOREMGR_ITERATIONS), which ends the run after so many requests",
            ),
            (
                self.request.target().is_some(),
                BUILT_IN_SCENARIO,
                "belongs to the built-in scenario, and a URL takes its place",
            ),
            (
                self.scenario.is_of_a_file(),
                BUILT_IN_SCENARIO,
                "belongs to the built-in scenario: with --scenario (or STOREMGR_SCENARIO) use --var",
            ),
        ];
        for (ignored, group, why) in rules {
            if let Some(option) = typed.first_in(group).filter(|_| ignored) {
                return Err(format!("{option} {why}"));
            }
        }
        if find_limit && self.page.is_wanted() {
            return Err("--page has no effect with --find-limit, which makes many runs".to_owned());
        }
        self.scenario.check()?;
        self.choices.check(self.starts_from_the_page())?;
        self.results.check()
    }

    /// The scenario for the store under load: asks the store what nothing on the command line says. None if it was
    /// interrupted.
    async fn fitted(
        &self,
        scenario: Scenario,
        config: &Config,
        interrupt: impl Future<Output = ()>,
    ) -> Result<Option<Scenario>, Failure> {
        let unknown = self.scenario.unknown_size();
        if self.request.target().is_some() || unknown == StoreSize::default() {
            return Ok(Some(scenario));
        }
        let token = token()?;
        let size = tokio::select! {
            size = loadtest::store_size(&config.target, &config.way, token.as_ref(), unknown) => size,
            () = interrupt => return Ok(None),
        };
        if let Some(fewer) = scenario::fewer(size, self.results.language).filter(|_| !self.results.quiet) {
            process::tell(&fewer);
        }
        self.scenario.load(size).map(Some)
    }

    /// What runs in the store under load; nothing if another service is tested. The instances that the command line names are
    /// those of its own host, and not of another one that was chosen on the page.
    async fn builds(&self, config: &Config) -> Vec<Build> {
        if self.request.target().is_some() || self.scenario.is_of_a_file() {
            return Vec::new();
        }
        match self.search.instances() {
            instances @ [_, ..] if self.target.host() == Some(&config.target) => {
                loadtest::builds(instances, &config.way.to_another()).await
            }
            _ => loadtest::builds(std::slice::from_ref(&config.target), &config.way).await,
        }
    }

    /// The files that the run reads and those that it writes.
    fn named_files<'a>(&self, scenarios: impl Iterator<Item = &'a Scenario>) -> NamedFiles {
        let written = self.results.named_files(self.search.find_limit);
        let written = if self.starts_from_the_page() { written.of_several_runs() } else { written };
        let named = scenarios.fold(self.judgement.named_files(written), |named, scenario| {
            named.inputs("the scenario", scenario.files())
        });
        self.page.named_files(self.target.way.named_files(self.request.named_files(named)))
    }

    fn config(&self) -> Result<Config, Failure> {
        let target = match self.request.target() {
            Some(target) => target.clone(),
            None => self.target.target()?,
        };
        let config = Config {
            way: self.target.way.way()?,
            target,
            load: self.load.load()?,
            warm_up: self.load.warm_up,
            run_time: self.load.run_time(),
            iterations: self.load.iterations,
            streams: self.target.way.streams(self.load.has_rate()),
            timeout: self.target.timeout,
            stop_timeout: self.load.stop_timeout,
            seed: self.load.seed,
        };
        if config.measured().is_zero() || self.target.timeout.is_zero() {
            return Err(Failure::usage(anyhow!("the run time and the time-out must be longer than 0")));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn checked(arguments: &[&str]) -> Result<(), String> {
        let command = clap::Command::new("storemgr").subcommand(Args::augment_args(clap::Command::new("loadtest")));
        let matches = command.clone().try_get_matches_from([&["storemgr", "loadtest"], arguments].concat()).unwrap();
        let args = Args::from_arg_matches(matches.subcommand_matches("loadtest").unwrap()).unwrap();
        args.check(&TypedOptions::of(command, &matches))
    }

    #[test]
    fn options_that_would_have_no_effect_are_refused() {
        for (line, sentence) in [
            ("--arrivals poisson", "--arrivals has no effect without --rate"),
            ("--limit-step 5s", "--limit-step has no effect without --find-limit"),
            ("--limit-rest 5s", "--limit-rest has no effect"),
            ("--limit-most 50", "--limit-most has no effect"),
            ("--scenario x.toml --products 5", "--products belongs to the built-in scenario"),
            ("--scenario x.toml --customers 5", "--customers belongs to"),
            ("--tag a=1 --tag b=2 --tag a=3", "--tag a is given twice"),
            ("--find-limit --run-time 5s", "--run-time has no effect with --find-limit"),
            ("--find-limit --stage 5s:1", "--stage has no effect"),
            ("--find-limit --baseline x.json", "--baseline has no effect"),
            ("--find-limit --max-fail-ratio 1%", "--max-fail-ratio has no effect"),
            ("--rate 5 --spawn-rate 5", "--spawn-rate has no effect with --rate"),
            ("--stage 5s:1 --spawn-rate 5", "--spawn-rate has no effect with --rate"),
            ("--stage 5s:1 --run-time 10s", "--run-time has no effect with --stage"),
            ("--rate 5 --think-time 1s", "--think-time has no effect with --rate"),
            ("http://shop --insecure", "--insecure has no effect on an http:// address"),
            ("--host http://shop --ca x.pem", "--ca has no effect on an http:// address"),
            ("--body x", "--body has no effect without a URL"),
            ("http://shop --products 5", "--products belongs to the built-in scenario, and a URL takes its place"),
            ("--iterations 5 --stage 1s:5", "--stage has no effect with --iterations"),
            ("--products 5 --var products=6", "--products (or STOREMGR_PRODUCTS) and --var products set the same"),
            ("--var products=5 --var products=6", "--var products is given twice"),
        ] {
            let error = checked(&line.split(' ').collect::<Vec<_>>()).unwrap_err();
            assert!(error.starts_with(sentence), "{line}: {error}");
        }
    }

    #[test]
    fn options_that_are_used_or_were_not_typed_are_accepted() {
        for line in [
            "--quiet",
            "--find-limit --limit-step 5s --limit-rest 5s --limit-most 9",
            "--rate 5 --arrivals poisson --stage 5s:1",
            "--products 5 --customers 5 --spawn-rate 5 --tag a=1 --tag b=1",
            "--scenario x.toml --find-limit",
            "--scenario x.toml --host http://shop --ca x.pem",
            "--host http://shop --page --page-hosts https://other --ca x.pem",
            "https://shop --insecure --iterations 5 --method HEAD --run-time 5s",
        ] {
            assert_eq!(checked(&line.split(' ').collect::<Vec<_>>()), Ok(()), "{line}");
        }
    }
}
