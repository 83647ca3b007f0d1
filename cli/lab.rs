//! `storemgr lab`: runs the ladder of experiments, and shows what each change of the store improves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use storemgr::lab::{
    self, Account, Config, Event, ExperimentAccount, Finished, LADDER, LabConditions, LabError, MOST_ORDER_LINES,
    OtherService, ResultFolder, Rung, SubjectState,
};
use storemgr::observe::Subject;
use storemgr::process::{self, Exit};
use storemgr::stack::Balance;
use storemgr::table::{self, Align, Table};
use storemgr::units::{self, Language};
use storemgr::{say, text};

use crate::failure::{CommandResult, Failure};
use crate::options::json::JsonOutput;
use crate::options::{JsonArgs, NamedFiles, PageArgs, TypedOptions, close_page, observed_subjects};
use crate::output;

/// The folder of the lab's own stack, which is separate from the one that `stack up` starts.
const HOME: &str = ".storemgr/lab";

/// With `--quick` the lab takes a third of the time: enough to see the collapse and its cure, too short for exact
/// percentiles.
const QUICK_RUN_TIME: Duration = Duration::from_secs(12);
const QUICK_BURST: Duration = Duration::from_secs(4);
const QUICK_HISTORY: u64 = 20_000;

/// Run the ladder of experiments: the store as it collapsed, then one improvement after the other
///
/// For each rung, the lab starts the store on a private stack, fills it anew, sends one request of each kind without other
/// load, runs the same load test, sends orders as fast as they are answered, and compares what users saw with what
/// Prometheus and the database saw. Results are written into a folder as they come; an interrupted lab leaves nothing
/// running and is continued with --resume. Exit codes: 1 a rung could not be measured, 98 the load generator was the
/// bottleneck.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    measured: MeasuredArgs,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    results: ResultArgs,
}

/// Which subjects are measured, and how thoroughly.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is measured")]
struct MeasuredArgs {
    /// The rungs to measure, e.g. 1,2,7 or 3-5; 8 needs MySQL 8.4 or newer, which --mysqld names [default: all that the
    /// database allows]
    #[arg(long, value_name = "NUMBERS", value_parser = rungs)]
    rungs: Option<Rungs>,
    /// Print the rungs and do nothing else
    #[arg(long)]
    list: bool,
    /// Take a third of the time, with shorter loads and a shorter history; too short for exact figures
    #[arg(long, conflicts_with = "resume")]
    quick: bool,
    /// How many times to measure every rung and balancing policy, in rounds
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with = "resume",
          value_parser = clap::value_parser!(u32).range(1..=50))]
    repeat: u32,
    /// Also search how many users each rung serves correctly; takes five to ten minutes for each. With --resume the search is
    /// added to what was measured, of the rungs that --rungs names or of all
    #[arg(long)]
    find_limit: bool,
    /// The most users that are tried in a search [default: 20000]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit_most: Option<u32>,
    /// Send single orders of so many articles with every writer, e.g. 1,10,100,1000,10000,100000,1000000; rungs are
    /// measured too if --rungs names some
    #[arg(long, value_name = "COUNTS", value_parser = order_lines)]
    order_lines: Option<OrderLines>,
    /// Compare these balancing policies on instances whose processor is the limit, e.g. least_conn,round_robin or all;
    /// rungs are measured too if --rungs names some
    #[arg(long, value_name = "POLICIES", value_parser = policies)]
    balance: Option<Policies>,
    /// Also measure another service that has the store's routes; it must run, with as many products and users
    #[arg(long, value_name = "URL", requires = "label")]
    target: Option<String>,
    /// The name of that service in the tables
    #[arg(long, value_name = "NAME", requires = "target", value_parser = label)]
    label: Option<String>,
    /// For an https address of that service: trust the authorities of this file, certificates in PEM, instead of the system's
    #[arg(long, value_name = "FILE", requires = "target")]
    ca: Option<PathBuf>,
    /// Watch a part of that service while it is measured, and say what explains its figures: mysql://user@host:port/database,
    /// redis://host:port or pid:NUMBER (passwords: OBSERVE_DB_PASSWORD and OBSERVE_REDIS_PASSWORD, or each with _FILE);
    /// repeatable. The rungs are watched by themselves
    #[arg(long, value_name = "WHAT", requires = "target")]
    observe: Vec<Subject>,
}

/// The load that every rung gets.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Load")]
struct LoadArgs {
    /// Simultaneous users in the load test of every rung
    #[arg(short, long, value_name = "COUNT", default_value_t = 150, conflicts_with = "resume",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    users: u32,
    /// How long each load test lasts [default: 60s, or 12s with --quick]
    #[arg(short = 't', long, value_name = "DURATION", value_parser = crate::options::duration, conflicts_with = "resume")]
    run_time: Option<Duration>,
    /// After each load test, send orders as fast as they are answered for this long; 0 for not at all [default: 10s, or 4s
    /// with --quick]
    #[arg(long, value_name = "DURATION", value_parser = crate::options::duration, conflicts_with = "resume")]
    burst: Option<Duration>,
    /// The seed of all random choices
    #[arg(long, value_name = "NUMBER", default_value_t = 1, conflicts_with = "resume")]
    seed: u64,
}

/// The store that is measured.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Store")]
struct StoreArgs {
    /// The number of orders in the store before the load; reports that scan them take longer with a long history [default:
    /// 100000, or 20000 with --quick]
    #[arg(long, value_name = "COUNT", conflicts_with = "resume")]
    history_orders: Option<u64>,
    /// The database server to run [default: mariadbd or mysqld, whichever is installed]
    #[arg(long, env = "STOREMGR_MYSQLD", value_name = "PATH")]
    mysqld: Option<PathBuf>,
}

/// Where the results go, and how progress is shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
struct ResultArgs {
    /// The folder for results, which must be new or empty [default: lab- and the time]
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume")]
    output: Option<PathBuf>,
    /// Continue the lab in this folder and keep what it has measured; --rungs, --target and --find-limit add to it
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
    /// Answer the nine questions of the original lab in this Markdown document, each with its table and chart; a new lab
    /// measures what each of them needs, and searches how many users rung 1 serves (not with --quick), unless --rungs,
    /// --order-lines or --balance says what
    #[arg(long, value_name = "FILE.md")]
    answers: Option<PathBuf>,
    /// Write every chart as SVG and PNG into this folder [default with --answers: beside the document]
    #[arg(long, value_name = "FOLDER")]
    charts: Option<PathBuf>,
    /// The language of tables, sentences, pages and charts: en or fr; JSON is always in English
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    language: Language,
    /// Print nothing on standard error while the lab runs
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    json: JsonArgs,
}

/// The numbers of articles that `--order-lines` names, ascending and without duplicates.
#[derive(Clone, Debug)]
struct OrderLines(Vec<u64>);

/// The balancing policies that `--balance` names.
#[derive(Clone, Debug)]
struct Policies(Vec<Balance>);
impl ResultArgs {
    /// Writes the answers and the charts that were asked for.
    fn export(&self, account: &Account) -> Result<(), Failure> {
        let complaint = match (&self.answers, &self.charts) {
            (Some(answers), charts) => account.write_answers(answers, charts.as_deref()),
            (None, Some(charts)) => account.write_charts(charts),
            (None, None) => Ok(None),
        };
        if let Some(complaint) = complaint.map_err(failure)? {
            process::tell(&format!("storemgr: {complaint}"));
        }
        Ok(())
    }
}

/// The numbers of rungs that `--rungs` names, ascending and without duplicates.
#[derive(Clone, Debug)]
struct Rungs(Vec<u8>);

pub(crate) async fn run(args: Args, typed: &TypedOptions) -> CommandResult {
    if args.measured.list {
        typed.only("--list")?;
        output::say(&list(args.results.language).to_terminal())?;
        return Ok(Exit::Good);
    }
    let program = std::env::current_exe().context("the path of this program cannot be found");
    let program = program.map_err(Failure::could_not_run)?;
    args.check_json()?;
    let json = args.results.json.open()?;
    let (folder, conditions) = args.folder().map_err(failure)?;
    let interrupt = process::terminated().map_err(Failure::could_not_run)?;
    let shown = folder.path().display().to_string();
    let language = args.results.language;
    let observe = observed_subjects(&args.measured.observe)?;
    let (home, show) = (HOME.into(), !args.results.quiet);
    let page = args.page.listen(language, false, None)?.map(Arc::new);
    let own = page.clone();
    let config = Config { conditions, folder, home, serve_program: program, show, language, page, observe };
    let tables = json.tables_wanted();
    let observer = |event: Event<'_>| {
        if !args.results.quiet {
            tell(event, language);
        }
        if let (Some(page), Event::Measured { account, .. }) = (&own, event) {
            page.put_ladder(account.ladder_tables().iter().map(Table::to_html).collect());
        }
        let text = match event {
            Event::Measured { account, place } => subject(account, place),
            Event::Experimented(account) => experiment(account),
            _ => return,
        };
        if tables {
            // If standard output fails, the write at the end reports it.
            drop(output::say(&text));
        }
    };
    if !args.results.quiet {
        process::tell(&announcement(&config.conditions, &shown, language));
        if let Some(left_out) = config.conditions.left_out(language) {
            process::tell(&left_out);
        }
    }
    let outcome = match lab::run(&config, &observer, interrupt).await {
        Ok(finished) => finish(&args, json, &shown, finished),
        Err(error) => Err(failure(error)),
    };
    close_page(own.as_deref(), language, outcome).await
}

/// Says what a lab came to, whose results are in the folder that is shown, and writes what else was asked for.
fn finish(args: &Args, json: JsonOutput, shown: &str, Finished { account, interrupted }: Finished) -> CommandResult {
    let (language, tables) = (args.results.language, json.tables_wanted());
    for broken in &account.broken_experiments {
        process::tell(&format!("storemgr: {}", language.retold(broken)));
    }
    if tables {
        if !account.rungs.is_empty() {
            output::say(&ladder(&account))?;
        }
        output::say(&say!(
            language,
            "Written to {folder}: lab.html, lab.md, lab.json, and a file for each measurement.",
            folder = shown
        ))?;
    }
    json.write(&account)?;
    args.results.export(&account)?;
    if interrupted {
        process::tell(&say!(
            language,
            "storemgr: interrupted; nothing of the lab is running any more. Continue with: storemgr lab --resume {folder}",
            folder = shown
        ));
    }
    Ok(match account {
        _ if interrupted => Exit::Interrupted,
        account if account.is_generator_limited() => Exit::GeneratorLimited,
        account if !account.is_complete() => Exit::Bad,
        _ => Exit::Good,
    })
}

fn failure(error: LabError) -> Failure {
    if error.is_usage() { Failure::usage(error) } else { Failure::could_not_run(error) }
}

impl Args {
    /// Refuses a `--json` in the folder for results, whose files have names of their own.
    fn check_json(&self) -> Result<(), Failure> {
        let ResultArgs { output, resume, json, .. } = &self.results;
        let answers = self.results.answers.as_deref();
        let written = NamedFiles::default()
            .output("--json", json.path())
            .output("--answers", answers)
            .inputs("--ca", &self.measured.ca);
        self.page.named_files(written).check()?;
        let real = |path: &Path| path.canonicalize().ok();
        let folder = json.path().and_then(Path::parent).and_then(real);
        let results = output.as_deref().or(resume.as_deref()).and_then(real);
        if folder.is_some() && folder == results {
            let sentence = "--json names a file in the folder for results, where the lab writes lab.json itself: leave --json \
                            out, or name a file elsewhere";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(())
    }

    /// The folder for results, and the conditions of the lab. With `--resume` both are those of an earlier lab.
    fn folder(&self) -> Result<(ResultFolder, LabConditions), LabError> {
        let Some(path) = &self.results.resume else {
            let mut conditions = self.conditions();
            match &self.measured.rungs {
                Some(Rungs(numbers)) => conditions.check_groups(numbers)?,
                None => conditions.leave_out_groups()?,
            }
            self.add_other(&mut conditions)?;
            self.add_experiments(&mut conditions);
            if self.answers_everything() {
                conditions.order_lines = (0..=6).map(|zeros| 10_u64.pow(zeros)).collect();
                conditions.balance = Balance::ALL.to_vec();
                if !self.measured.quick {
                    conditions.limit_rungs = vec![1];
                }
            }
            self.check_limit(&conditions)?;
            let path = self.results.output.clone().unwrap_or_else(|| default_folder().into());
            return Ok((ResultFolder::create(&path, &conditions)?, conditions));
        };
        let (folder, mut conditions) = ResultFolder::open(path)?;
        if let Some(Rungs(numbers)) = &self.measured.rungs {
            conditions.check_groups(numbers)?;
            conditions.rungs.extend(numbers);
            conditions.rungs.sort_unstable();
            conditions.rungs.dedup();
        }
        if self.measured.find_limit {
            match &self.measured.rungs {
                Some(Rungs(numbers)) => conditions.limit_rungs.extend(numbers),
                None => conditions.find_limit = true,
            }
        }
        self.check_limit(&conditions)?;
        conditions.limit_most = self.measured.limit_most.or(conditions.limit_most);
        self.add_other(&mut conditions)?;
        self.add_experiments(&mut conditions);
        if self.store.mysqld.is_some() && self.store.mysqld != conditions.mysqld {
            return Err(LabError::OtherDatabase { begun: conditions.mysqld });
        }
        Ok((folder, conditions))
    }

    /// Refuses `--limit-most` where no rung's limit is searched.
    fn check_limit(&self, conditions: &LabConditions) -> Result<(), LabError> {
        if self.measured.limit_most.is_some() && !conditions.find_limit && conditions.limit_rungs.is_empty() {
            return Err(LabError::NothingSearched);
        }
        Ok(())
    }

    fn conditions(&self) -> LabConditions {
        let Self { measured, load, store, .. } = self;
        let usual = LabConditions::default();
        let seconds = |given: Option<Duration>, quick: Duration, usual: u64| {
            given.map_or(if measured.quick { quick.as_secs() } else { usual }, |given| given.as_secs().max(1))
        };
        let no_burst = load.burst.is_some_and(|burst| burst.is_zero());
        LabConditions {
            rungs: match &measured.rungs {
                Some(Rungs(numbers)) => numbers.clone(),
                // An experiment alone needs no ladder.
                None if measured.order_lines.is_some() || measured.balance.is_some() => Vec::new(),
                None => usual.rungs,
            },
            others: Vec::new(),
            repeat: measured.repeat,
            users: load.users,
            run_time_s: seconds(load.run_time, QUICK_RUN_TIME, usual.run_time_s),
            burst_s: if no_burst { 0 } else { seconds(load.burst, QUICK_BURST, usual.burst_s) },
            find_limit: measured.find_limit,
            limit_most: measured.limit_most,
            history_orders: store.history_orders.unwrap_or(if measured.quick {
                QUICK_HISTORY
            } else {
                usual.history_orders
            }),
            seed: load.seed,
            mysqld: store.mysqld.clone(),
            ..usual
        }
    }

    /// Whether every question is to be answered, and so every experiment is needed.
    fn answers_everything(&self) -> bool {
        let MeasuredArgs { rungs, order_lines, balance, .. } = &self.measured;
        self.results.answers.is_some() && rungs.is_none() && order_lines.is_none() && balance.is_none()
    }

    fn add_experiments(&self, conditions: &mut LabConditions) {
        if let Some(OrderLines(lines)) = &self.measured.order_lines {
            conditions.order_lines.clone_from(lines);
        }
        if let Some(Policies(policies)) = &self.measured.balance {
            conditions.balance.clone_from(policies);
        }
    }

    fn add_other(&self, conditions: &mut LabConditions) -> Result<(), LabError> {
        let MeasuredArgs { target, label, ca, .. } = &self.measured;
        let ca = ca.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let other = target.clone().zip(label.clone()).map(|(url, label)| OtherService { label, url, ca });
        other.map_or(Ok(()), |other| conditions.add(other))
    }
}

/// A folder name with the time, so that a new lab never uses the folder of an old one.
fn default_folder() -> String {
    let now = units::timestamp(SystemTime::now());
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    let (day, time) = digits.split_at(8);
    format!("lab-{day}-{time}")
}

/// Roughly how long starting, filling and the requests without load take for each rung, in seconds.
const OTHER_SECONDS: u64 = 6;

/// Roughly how much longer a rung with a group takes, whose servers start twice and whose killed one is mended, in seconds.
const GROUP_SECONDS: u64 = 45;

/// Roughly how long orders of growing size take with all writers, in seconds.
const ORDER_LINES_SECONDS: u64 = 30;

/// Roughly how long a search for the limit takes, in seconds.
const LIMIT_SECONDS: u64 = 300;

fn announcement(conditions: &LabConditions, folder: &str, language: Language) -> String {
    let search = LIMIT_SECONDS * conditions.searched() as u64;
    let each = conditions.run_time_s + conditions.burst_s + OTHER_SECONDS;
    let turns = (conditions.rungs.len() + conditions.others.len()) as u64 * u64::from(conditions.repeat);
    let lines = if conditions.order_lines.is_empty() { 0 } else { ORDER_LINES_SECONDS };
    let balancing = if conditions.balance.is_empty() { 0 } else { conditions.balance.len() as u64 * 2 + 1 };
    let balancing = u64::from(conditions.repeat) * balancing * (conditions.run_time_s / 3 + OTHER_SECONDS);
    let groups = conditions.rungs.iter().filter_map(|number| Rung::find(*number)).filter(|rung| rung.setup.is_group());
    let groups = groups.count() as u64 * u64::from(conditions.repeat) * GROUP_SECONDS;
    let minutes = (turns * each + groups + search + lines + balancing).div_ceil(60);
    let lasts = match minutes {
        1 => language.text(text!("a minute")).to_owned(),
        minutes => say!(language, "{minutes} minutes", minutes),
    };
    let load = match turns {
        0 => language.text(text!("no rung")).to_owned(),
        turns => say!(language, "{turns} load tests of {users} users", turns, users = conditions.users),
    };
    let experiments = [(lines, text!("orders of growing size")), (balancing, text!("balancing policies"))];
    let measured = experiments.into_iter().filter(|(seconds, _)| *seconds > 0);
    let experiments: String = measured.map(|(_, name)| format!(", {}", language.text(name))).collect();
    say!(language, "{load}{experiments}; about {lasts}; results go to {folder}", load, experiments, lasts, folder)
}

/// One line on standard error for each event.
fn tell(event: Event<'_>, language: Language) {
    match event {
        Event::Begun { name, rung, turn: (turn, turns) } => {
            let what = rung.map_or_else(
                || name.to_owned(),
                |rung| {
                    let (name, change) = (language.text(rung.name), language.text(rung.change));
                    say!(language, "rung {number}, {name}: {change}", number = rung.number, name, change)
                },
            );
            process::tell(&format!("\n[{turn}/{turns}] {what}"));
        }
        Event::Experiment(name) => process::tell(&format!("\n{}", language.text(name))),
        Event::Experimented(_) => {}
        Event::Step(step) => process::tell(&format!("  {}", language.retold(step))),
        Event::Kept(name) => {
            process::tell(&say!(language, "{name} was measured before", name = language.text(name)));
        }
        Event::Measured { account, place } => {
            if account.rungs[place].state == SubjectState::Broken {
                process::tell(&format!("  {}", language.text(text!("it broke"))));
            }
        }
    }
}

/// The findings and tables of one subject, as text.
fn subject(account: &Account, place: usize) -> String {
    let subject = &account.rungs[place];
    let language = account.language();
    let head = format!("== {}\n{}", subject.title(language), subject.change_in(language));
    let mut parts = vec![units::printable(&head).into_owned()];
    parts.push(folded(&account.findings(place).join(" ")));
    parts.extend(account.subject_tables(place).iter().map(Table::to_terminal));
    parts.join("\n\n") + "\n"
}

/// The findings and tables of an experiment beside the ladder, as text.
fn experiment(account: &ExperimentAccount) -> String {
    let head = format!("== {}\n{}", account.title, account.question);
    let mut parts = vec![units::printable(&head).into_owned(), folded(&account.findings.join(" "))];
    parts.extend(account.tables.iter().map(Table::to_terminal));
    parts.join("\n\n") + "\n"
}

/// The tables of all subjects together, as text.
fn ladder(account: &Account) -> String {
    let language = account.language();
    let mut parts = vec![format!("== {}", language.text(text!("The ladder"))), folded(&account.setting().join("\n"))];
    parts.extend(account.ladder_tables().iter().map(Table::to_terminal));
    let found = account.rungs.iter().enumerate().filter(|(_, subject)| !subject.findings.is_empty());
    parts.extend(
        found.map(|(place, subject)| folded(&format!("{}. {}", subject.title(language), account.headline(place)))),
    );
    parts.join("\n\n") + "\n"
}

/// The table that `--list` prints.
fn list(language: Language) -> Table {
    let columns = language.names([
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("Change"), Align::Left),
        (text!("Question"), Align::Left),
    ]);
    let mut table = Table::new("", &columns);
    for rung in &LADDER {
        let texts = [rung.name, rung.change, rung.question].map(|text| language.text(text).to_owned());
        table.row([rung.number.to_string()].into_iter().chain(texts));
    }
    table
}

/// The width of paragraphs, in columns.
const WIDTH: u16 = 98;

fn folded(text: &str) -> String {
    table::folded(text, Some(WIDTH))
}

/// Reads lists and ranges of rungs, such as `1,2,7` and `3-5`.
fn rungs(text: &str) -> Result<Rungs, String> {
    let last = LADDER.len();
    let wrong = || format!("the rungs are numbered from 1 to {last}: write a list or a range, such as 1,2,7 or 3-5");
    let number = |text: &str| {
        let number = text.trim().parse::<u8>().ok().filter(|number| (1..=last).contains(&usize::from(*number)));
        number.ok_or_else(wrong)
    };
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return Err(wrong());
        }
        numbers.extend(from..=to);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(Rungs(numbers))
}

/// Reads a list of numbers of articles, such as `1,10,1000`.
fn order_lines(text: &str) -> Result<OrderLines, String> {
    let number = |text: &str| {
        let number = text.trim().replace('_', "").parse::<u64>().ok();
        number.filter(|number| (1..=MOST_ORDER_LINES).contains(number)).ok_or_else(|| {
            let most = units::count(MOST_ORDER_LINES);
            format!("write numbers of articles from 1 to {most}, without separators, such as 1,10,1000000")
        })
    };
    let mut numbers = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(OrderLines(numbers))
}

/// Reads a list of balancing policies, or `all`.
fn policies(text: &str) -> Result<Policies, String> {
    if text.trim() == "all" {
        return Ok(Policies(Balance::ALL.to_vec()));
    }
    let mut policies = Vec::new();
    for name in text.split(',') {
        let policy = crate::options::balance(name)?;
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }
    Ok(Policies(policies))
}

fn label(text: &str) -> Result<String, String> {
    let short = (1..=20).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    short
        .then(|| text.to_owned())
        .ok_or_else(|| "a label has 1 to 20 characters, none of them a control character".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_read_as_people_write_them() {
        let read = |text| rungs(text).map(|Rungs(numbers)| numbers);
        assert_eq!(read("1,2,7"), Ok(vec![1, 2, 7]));
        assert_eq!(read("5-7, 1"), Ok(vec![1, 5, 6, 7]));
        for text in ["", "0", "9", "3-1", "1;2", "all"] {
            assert!(read(text).unwrap_err().contains("from 1 to 8"), "{text}");
        }
    }

    #[test]
    fn sentences_are_folded_between_words() {
        let text = folded(&"word ".repeat(50));
        assert!(text.lines().all(|line| line.len() <= usize::from(WIDTH)) && text.lines().count() == 3, "{text}");
    }
}
