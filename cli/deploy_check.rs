//! `storemgr deploy-check`: checks the files of a deployment before it starts, or the deployment while it runs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use storemgr::deploy_check::{
    self, CATALOG, Check, Files, Location, Locations, Phase, Piece, RunningDeployment, Verdict,
};
use storemgr::net::{Target, TlsOptions, Way};
use storemgr::process::{self, Exit};

use crate::failure::{CommandResult, Failure};
use crate::options::{
    DatabaseArgs, JsonArgs, NamedFiles, PrometheusAccess, RedisArgs, ReportFile, TypedOptions, duration, environment,
    target, token,
};
use crate::output;

/// Check a deployment: its files before it starts (--before), or the running services (--after, the default)
///
/// --before reads the compose files of this folder, .env, and the nginx, Prometheus, rule and Grafana files that the containers
/// will see, and checks that they agree. It runs nothing of them, fetches nothing, and takes no option from the .env that
/// it checks. --after asks the database, Redis, the instances, nginx and Prometheus, and places one order
/// and deletes it again; a store that asks for tokens is asked with STOREMGR_TOKEN, or with that of the file that
/// STOREMGR_TOKEN_FILE names. A check whose part is missing or not configured is skipped. Exit code 0 when no check fails, 1
/// when one does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    running: RunningArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
}

/// Which checks are made.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checks")]
struct SelectionArgs {
    /// Check the files; nothing needs to run
    #[arg(long, conflicts_with = "after")]
    before: bool,
    /// Check the running services; this is the default
    #[arg(long)]
    after: bool,
    /// Make only these checks; repeatable, or comma-separated
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = check)]
    only: Vec<Check>,
    /// Leave out these checks; repeatable, or comma-separated
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = check)]
    skip: Vec<Check>,
    /// Print every check with what it expects, and make none
    #[arg(long)]
    list: bool,
}

/// Where the results go, besides the terminal.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
struct ResultArgs {
    #[command(flatten)]
    json: JsonArgs,
    /// Also write the result as JUnit XML to FILE
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write the result as SARIF to FILE, for code hosts that show findings at their lines
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Also write the result as Markdown to FILE
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Show every check of --before and all that it says, not only a screen of the worst
    #[arg(long)]
    all: bool,
}

/// Where the files are. A file that does not exist is not checked, unless an option names it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files (for --before)")]
struct FileArgs {
    /// Variables and secrets for compose [default: .env]; FILE.example, if it is there, lists what belongs in it
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// A compose file; repeatable, each put on top of those before [default: those that Compose would take in this folder, or ops/compose.yml]
    #[arg(long, value_name = "FILE")]
    compose: Vec<PathBuf>,
    /// The folder to which paths in the compose file are relative [default: the compose file's own]
    #[arg(long, value_name = "FOLDER")]
    project_directory: Option<PathBuf>,
    /// The Dockerfile [default: ops/Dockerfile, and those that the compose file names]
    #[arg(long, value_name = "FILE")]
    dockerfile: Option<PathBuf>,
    /// The configuration of nginx [default: nginx/nginx.conf, and those that containers see]
    #[arg(long, value_name = "FILE")]
    nginx: Option<PathBuf>,
    /// The configuration of Prometheus [default: monitoring/prometheus.yml, and those that containers see]
    #[arg(long, value_name = "FILE")]
    prometheus_config: Option<PathBuf>,
    /// Recording and alerting rules, a folder or a file; --after expects Prometheus to have these alerts [default: monitoring/rules]
    #[arg(long, env = "STOREMGR_RULES", value_name = "PATH")]
    rules: Option<PathBuf>,
    /// Grafana dashboards, a folder or a file [default: monitoring/grafana]
    #[arg(long, value_name = "PATH")]
    dashboards: Option<PathBuf>,
    /// GitHub Actions workflows, a folder or a file [default: .github/workflows]
    #[arg(long, value_name = "PATH")]
    workflows: Option<PathBuf>,
}

/// Where the services of a running deployment answer, and the limits they are held to.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Running services (for --after)")]
struct RunningArgs {
    /// The address that clients use: nginx
    #[arg(short = 'H', long, env = "STOREMGR_URL", value_name = "URL", value_parser = target)]
    host: Option<Target>,
    /// The https address that clients elsewhere use
    #[arg(long, env = "STOREMGR_PUBLIC_URL", value_name = "URL", value_parser = target)]
    public: Option<Target>,
    /// The http address that sends clients there [default: port 80 of --public]
    #[arg(long, env = "STOREMGR_REDIRECT_URL", value_name = "URL", value_parser = target)]
    redirect: Option<Target>,
    /// For how many seconds browsers are told to use TLS only; 0 for not at all
    #[arg(long, env = "STOREMGR_HSTS_AGE", value_name = "SECONDS")]
    hsts_age: Option<u64>,
    /// The address of an instance behind nginx; repeatable, or comma-separated
    #[arg(long = "instance", env = "STOREMGR_INSTANCES", value_name = "URL", value_delimiter = ',', value_parser = target)]
    instances: Vec<Target>,
    /// The address of Prometheus
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = target)]
    prometheus: Option<Target>,
    #[command(flatten)]
    access: PrometheusAccess,
    /// For https addresses of the store: trust the authorities of this file, certificates in PEM, instead of the system's
    #[arg(long, env = "STOREMGR_CA", value_name = "FILE")]
    ca: Option<OsString>,
    /// The address of Grafana
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = target)]
    grafana: Option<Target>,
    /// The commit from which the instances should be built [default: that of this program, if it is known]
    #[arg(long, value_name = "COMMIT")]
    revision: Option<String>,
    /// The greatest age that a report may have
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration)]
    report_age: Duration,
    /// A folder whose disk must have free space; repeatable
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    data: Vec<PathBuf>,
    /// The percentage of each of these disks that must be free
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    disk_margin: f64,
    /// The percentage of this machine's memory that must be available
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    memory_margin: f64,
    /// How long to wait for one answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    timeout: Duration,
}

/// How the headings of the options begin that only one phase has.
const FILES: &str = "Files";
const RUNNING: &str = "Running services";

/// The default of `--rules`.
const RULES: &str = "monitoring/rules";

/// Whether a command line is one of `deploy-check --before`. The files that it checks must not fill its own options.
pub(crate) fn checks_files(arguments: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<_> = arguments.skip(1).collect();
    words.first().is_some_and(|word| word == "deploy-check") && words.iter().any(|word| word == "--before")
}

/// The command line without the variables of deploy-check: those of the shell are for the containers, and what is meant
/// for --after has no effect on --before.
pub(crate) fn without_variables(command: clap::Command) -> clap::Command {
    command.mut_subcommand("deploy-check", |command| {
        command.mut_args(|argument| argument.env(clap::builder::Resettable::<clap::builder::OsStr>::Reset))
    })
}

pub(crate) async fn run(args: Args, typed: &TypedOptions) -> CommandResult {
    if args.selection.list {
        typed.only("--list")?;
        output::say(&deploy_check::catalog_table(CATALOG).to_terminal())?;
        return Ok(Exit::Good);
    }
    let phase = if args.selection.before { Phase::Before } else { Phase::After };
    refuse_unused(phase, typed)?;
    let checks = args.checks(phase)?;
    args.named_files().check()?;
    let json = args.results.json.open()?;
    let junit = ReportFile::open("--junit", args.results.junit.as_ref())?;
    let sarif = ReportFile::open("--sarif", args.results.sarif.as_ref())?;
    let markdown = ReportFile::open("--markdown", args.results.markdown.as_ref())?;
    let (verdict, shown, pieces) = match phase {
        Phase::Before => {
            let files = args.files.load()?;
            let pieces = files.pieces();
            let verdict = deploy_check::before(&checks, files).await;
            let shown = deploy_check::screen(&verdict, &pieces, args.results.all);
            (verdict, shown, pieces)
        }
        Phase::After => {
            let verdict = deploy_check::after(&checks, args.deployment()?).await;
            let shown = deploy_check::table(&verdict).to_terminal();
            (verdict, shown, Vec::new())
        }
    };
    if json.tables_wanted() {
        output::say(&shown)?;
        output::say(&format!("\n{}", deploy_check::summary_line(&verdict)))?;
    }
    json.write(&Written { verdict: &verdict, files: pieces })?;
    junit.write(&deploy_check::junit(&verdict).map_err(Failure::could_not_run)?)?;
    let folder = std::env::current_dir().unwrap_or_default();
    sarif.write(&deploy_check::sarif(&verdict, &folder))?;
    markdown.write(&deploy_check::markdown(&verdict))?;
    Ok(if verdict.healthy { Exit::Good } else { Exit::Bad })
}

/// What --json writes.
#[derive(serde::Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    /// What was read, for --before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Piece>,
}

/// Refuses options of the other phase.
fn refuse_unused(phase: Phase, typed: &TypedOptions) -> Result<(), Failure> {
    let headings: &[&str] = match phase {
        Phase::Before => &[RUNNING, "Database", "Redis"],
        Phase::After => &[FILES],
    };
    let other = if phase == Phase::Before { "after" } else { "before" };
    // --after reads the names of the alerts from the rules.
    let unused = headings.iter().find_map(|heading| typed.first_under(heading, &["--rules"]));
    unused.map_or(Ok(()), |option| {
        Err(Failure::usage(anyhow!("{option} is an option of --{other} and has no effect with --{}", phase.name())))
    })
}

fn check(name: &str) -> Result<Check, String> {
    let found = CATALOG.iter().find(|check| check.id == name).copied();
    found.ok_or_else(|| format!("there is no check {name}: `storemgr deploy-check --list` shows all of them"))
}

/// Reads a percentage as a ratio.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    number.map(|number| number / 100.0).ok_or_else(|| format!("{text:?} is not a percentage from 0 to 100"))
}

impl RunningArgs {
    /// The file of authorities. An empty path is none, as compose passes it.
    fn authorities(&self) -> Option<PathBuf> {
        self.ca.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

impl FileArgs {
    /// The file of variables and the compose files. Compose takes `.env` from the folder of the project.
    fn project(&self) -> (Location, Vec<Location>) {
        let named = |path: &PathBuf| Location { path: path.clone(), named: true };
        let usual = |path: PathBuf| Location { path, named: false };
        let beside = |path: Option<&PathBuf>| path.and_then(|path| path.parent()).map(|folder| folder.join(".env"));
        let here = PathBuf::from(".env");
        if !self.compose.is_empty() {
            let first = if here.exists() { None } else { beside(self.compose.first()) };
            let env_file = self.env_file.as_ref().map_or_else(|| usual(first.unwrap_or(here)), named);
            return (env_file, self.compose.iter().map(named).collect());
        }
        let env_file = self.env_file.as_ref().map_or_else(|| usual(here.clone()), named);
        let mut variables = deploy_check::compose_variables(&env_file.path);
        variables.extend(environment::of_the_shell());
        let files = deploy_check::compose_files(std::path::Path::new(""), &variables);
        let by_name = variables.get("COMPOSE_FILE").is_some_and(|named| !named.is_empty());
        let above = beside(files.first()).filter(|path| self.env_file.is_none() && !here.exists() && path.exists());
        let env_file = above.map_or(env_file, usual);
        (env_file, files.into_iter().map(|path| Location { path, named: by_name }).collect())
    }

    fn load(&self) -> Result<Files, Failure> {
        let place = |named: &Option<PathBuf>, usual| Location::or_usual(named.clone(), usual);
        let (env_file, compose) = self.project();
        let files = Files::load(&Locations {
            env_file,
            compose,
            project_directory: self.project_directory.clone(),
            dockerfile: place(&self.dockerfile, "ops/Dockerfile"),
            nginx: place(&self.nginx, "nginx/nginx.conf"),
            prometheus: place(&self.prometheus_config, "monitoring/prometheus.yml"),
            rules: place(&self.rules, RULES),
            dashboards: place(&self.dashboards, "monitoring/grafana"),
            workflows: place(&self.workflows, ".github/workflows"),
            environment: environment::of_the_shell(),
        });
        if files.is_empty() {
            let sentence = "there are no files of a deployment here: run the command where the compose file is, or name the file with --compose";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(files)
    }
}

impl Args {
    /// The files that are read only if they are named, and those that will be written.
    fn named_files(&self) -> NamedFiles {
        let FileArgs { env_file, compose, dockerfile, nginx, prometheus_config, rules, .. } = &self.files;
        let read = [env_file, dockerfile, nginx, prometheus_config, rules];
        self.running
            .access
            .named_files(NamedFiles::default())
            .inputs("the check", read.into_iter().flatten().chain(compose))
            .inputs("--ca", self.running.authorities())
            .output("--sarif", self.results.sarif.as_deref())
            .output("--markdown", self.results.markdown.as_deref())
            .output("--json", self.results.json.path())
            .output("--junit", self.results.junit.as_deref())
    }

    fn deployment(&self) -> Result<RunningDeployment, Failure> {
        let access = &self.running.access;
        let prometheus = self.running.prometheus.clone().map(|target| access.client(target));
        let deployment = RunningDeployment {
            database: if self.database.is_configured() { Some(self.database.address()?) } else { None },
            redis: self.redis.address()?,
            front: self.running.host.clone(),
            public: self.running.public.clone(),
            redirect: self.running.redirect.clone(),
            hsts_age: self.running.hsts_age,
            instances: self.running.instances.clone(),
            way: Way {
                tls: TlsOptions { authorities: self.running.authorities(), ..TlsOptions::default() },
                ..Way::default()
            },
            token: token()?,
            prometheus: prometheus.transpose()?,
            grafana: self.running.grafana.clone(),
            revision: self.running.revision.clone().or_else(process::revision),
            alerts: deploy_check::alert_names(&Location::or_usual(self.files.rules.clone(), RULES)),
            report_age: self.running.report_age,
            data: self.running.data.clone(),
            disk_margin: self.running.disk_margin,
            memory_margin: self.running.memory_margin,
            timeout: self.running.timeout,
            ..RunningDeployment::default()
        };
        if deployment.is_empty() {
            let sentence = "no deployment is configured: run `storemgr stack up`, or set DB_HOST, REDIS_HOST, STOREMGR_URL, \
                            STOREMGR_INSTANCES and PROMETHEUS_URL";
            return Err(Failure::usage(anyhow!(sentence)));
        }
        Ok(deployment)
    }

    /// The checks to make. It is an error to name a check of the other phase in `--only`.
    fn checks(&self, phase: Phase) -> Result<Vec<Check>, Failure> {
        if let Some(other) = self.selection.only.iter().find(|check| check.phase() != phase) {
            let flag = other.phase().name();
            return Err(Failure::usage(anyhow!("{} is a check of --{flag}: add --{flag}", other.id)));
        }
        let SelectionArgs { only, skip, .. } = &self.selection;
        let among = |list: &[Check], check: &Check| list.iter().any(|other| other.id == check.id);
        let wanted = |check: &&Check| (only.is_empty() || among(only, check)) && !among(skip, check);
        Ok(CATALOG.iter().filter(|check| check.phase() == phase).filter(wanted).copied().collect())
    }
}
