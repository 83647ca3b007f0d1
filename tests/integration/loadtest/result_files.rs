//! Where results go: each file is whole or as it was, and no two results share one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use super::{Behaviour, Server};
use crate::harness::{Ran, program, run_command};

const OLDER: &str = "an older result";

/// A scenario that reads a table.
const MORE: &str = "name = 'x'\n[csv]\nusers = 'users.csv'\n[[task]]\nname = 't'\npath = '/{{csv.users.id}}'";

/// A short run with these options.
fn arguments<'a>(host: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let base = ["loadtest", "-H", host, "-u", "2", "-r", "1000", "-t", "1s", "--think-time", "5ms", "--quiet"];
    [&base[..], options].concat()
}

/// The command in a shell, after what the shell is told before.
async fn after(prepared: &str, arguments: &[&str]) -> Ran {
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", &format!("{prepared}; exec \"$0\" \"$@\"")]).arg(program()).args(arguments);
    shell.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null()).kill_on_drop(true);
    let output = shell.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_room_the_older_result_stays() {
    let (folder, server) =
        (tempfile::tempdir().unwrap(), Server::start(Behaviour::Answer(Duration::from_millis(5))).await);
    let (host, path) = (server.target.to_string(), |name: &str| folder.path().join(name));
    // A limit of 2 KiB for every file stands for a full disk: the JSON and the page are larger.
    for option in ["--json", "--html"] {
        let result = path("result");
        fs::write(&result, OLDER).unwrap();
        let ran = after("ulimit -f 4", &arguments(&host, &[option, result.to_str().unwrap()])).await;
        assert_eq!((ran.code, text(&result).as_str()), (3, OLDER), "{option}: {ran:?}");
        assert!(ran.stderr.contains("result cannot be written: File too large"), "{ran:?}");
        assert!(ran.stdout.contains("Verdict"), "the tables are shown all the same: {ran:?}");
        assert_eq!(names(folder.path()), ["result"]);
    }
    // The history is appended to: what is there are whole lines.
    let (ran, history) = (path("run"), path("run_stats_history.csv"));
    fs::write(&history, OLDER).unwrap();
    let ran = after("ulimit -f 1", &arguments(&host, &["--csv", ran.to_str().unwrap()])).await;
    assert!(ran.code == 3 && ran.stderr.contains("File too large"), "{ran:?}");
    let history = text(&history);
    assert!(history == OLDER || history.ends_with('\n'), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_run_leaves_the_older_results() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let files = ["r.json", "r.html", "r_stats.csv", "r_failures.csv", "r_exceptions.csv", "r_stats_history.csv"];
    let all = ["--json", &path("r.json"), "--html", &path("r.html"), "--csv", &path("r")].map(str::to_owned);
    let all = all.each_ref().map(String::as_str);
    let away = run_command(&arguments("127.0.0.1:1", &all), &[]).await;
    assert_eq!((away.code, names(folder.path())), (3, Vec::<String>::new()), "{away:?}");
    for name in &files {
        fs::write(path(name), OLDER).unwrap();
    }
    let away = run_command(&arguments("127.0.0.1:1", &all), &[]).await;
    assert_eq!(away.code, 3, "{away:?}");
    assert!(files.iter().all(|name| text(Path::new(&path(name))) == OLDER));
    let junit = path("junit.xml");
    fs::write(&junit, OLDER).unwrap();
    let nothing = run_command(&["deploy-check", "--after", "--junit", &junit], &[]).await;
    assert_eq!((nothing.code, text(Path::new(&junit)).as_str()), (2, OLDER), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_permissions_and_pipes_are_what_they_were() {
    let (folder, server) =
        (tempfile::tempdir().unwrap(), Server::start(Behaviour::Answer(Duration::from_millis(5))).await);
    let (host, path) = (server.target.to_string(), |name: &str| folder.path().join(name));
    fs::write(path("real.json"), OLDER).unwrap();
    symlink("real.json", path("link.json")).unwrap();
    let (json, page) = (path("link.json"), PathBuf::from("/dev/stdout"));
    let options = ["--json", json.to_str().unwrap(), "--html", page.to_str().unwrap()];
    let ran = run_command(&arguments(&host, &options), &[]).await;
    assert_eq!((ran.code, ran.stdout.matches("</html>").count()), (0, 1), "{ran:?}");
    assert_eq!(fs::read_link(path("link.json")).unwrap(), Path::new("real.json"));
    serde_json::from_str::<Value>(&text(&path("real.json"))).unwrap();
    // Tables and JSON in one redirected file follow each other.
    let shown = path("shown");
    let redirected = format!("exec >{}", shown.display());
    let ran = after(&redirected, &arguments(&host, &["--json", "/dev/stdout"])).await;
    let (tables, json) = text(&shown).split_once("\n{").map(|(a, b)| (a.to_owned(), format!("{{{b}"))).unwrap();
    assert!(ran.code == 0 && tables.contains("Aggregated"), "{ran:?}");
    serde_json::from_str::<Value>(&json).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_results_in_one_file_are_refused_however_it_is_written() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Fail).await);
    let (host, path) = (server.target.to_string(), |name: &str| folder.path().join(name).to_str().unwrap().to_owned());
    fs::create_dir(path("o")).unwrap();
    fs::write(path("there"), OLDER).unwrap();
    fs::hard_link(path("there"), path("hard")).unwrap();
    symlink("there", path("soft")).unwrap();
    fs::write(path("scenario.toml"), MORE).unwrap();
    fs::write(path("users.csv"), "id\n1\n").unwrap();
    let relative = format!("{}/../there", path("o"));
    for (options, sentence) in [
        (vec!["--json", "there", "--html", "there"], "--json and --html name the same file"),
        (vec!["--json", &relative, "--html", "there"], "--json and --html name the same file"),
        (vec!["--json", "hard", "--html", "soft"], "--json and --html name the same file"),
        (vec!["--json", "new", "--html", "o/../new"], "--json and --html name the same file"),
        (vec!["--json", "-", "--html", "/dev/stdout"], "--json and --html name the same file"),
        (vec!["--csv", "o/y", "--json", "o/y_stats.csv"], "--json and --csv name the same file"),
        (vec!["--csv", "o/y", "--html", "o/y_stats_history.csv"], "--html and --csv name the same file"),
        (vec!["--find-limit", "--csv", "o/y", "--json", "o/y_steps.csv"], "--json and --csv name the same file"),
        (
            vec!["--scenario", "scenario.toml", "--json", "scenario.toml"],
            "--json would replace scenario.toml, which the scenario",
        ),
        (
            vec!["--scenario", "scenario.toml", "--html", "users.csv"],
            "--html would replace users.csv, which the scenario",
        ),
        (vec!["--baseline", "there", "--json", "soft"], "--json would replace soft, which --baseline reads"),
        (vec!["--html", "-"], "--html cannot write to standard output"),
        (vec!["--page", "--page-token-file", "there", "--json", "there"], "which --page-token-file reads"),
    ] {
        let moved = format!("cd {}", folder.path().display());
        // A search times its loads itself.
        let base = if options[0] == "--find-limit" { vec!["loadtest", "-H", &host] } else { arguments(&host, &[]) };
        let ran = after(&moved, &[base, options.clone()].concat()).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{options:?}: {ran:?}");
    }
    let prepared = format!("cd {}; exec >o/out", folder.path().display());
    let ran = after(&prepared, &arguments(&host, &["--json", "o/out"])).await;
    assert!(ran.code == 2 && ran.stderr.contains("to which standard output goes"), "{ran:?}");
    let prepared = format!("cd {}; : >.env", folder.path().display());
    let ran = after(&prepared, &arguments(&host, &["--json", ".env"])).await;
    assert!(ran.code == 2 && ran.stderr.contains("which configures storemgr"), "{ran:?}");
    assert_eq!((server.asked(), text(Path::new(&path("there"))).as_str()), (0, OLDER));
    let both = run_command(&["deploy-check", "--before", "--json", &path("new"), "--junit", &path("new")], &[]).await;
    assert!(both.code == 2 && both.stderr.contains("--json and --junit name the same file"), "{both:?}");
    let run = run_command(&["report", "--run", &path("there"), "--json", &path("there")], &[]).await;
    assert_eq!((run.code, text(Path::new(&path("there"))).as_str()), (2, OLDER), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_a_run_that_the_page_starts_replaces_another_one() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Fail).await);
    let host = server.target.to_string();
    fs::create_dir(folder.path().join("runs")).unwrap();
    fs::write(folder.path().join("runs/1.json"), OLDER).unwrap();
    fs::write(folder.path().join("more.toml"), MORE).unwrap();
    fs::write(folder.path().join("users.csv"), "id\n1\n").unwrap();
    for (options, sentence) in [
        (vec!["--json", "o/{n}", "--html", "o/1"], "--json and --html name the same file, o/1 in one of the runs"),
        (
            vec!["--baseline", "runs/1.json", "--json", "runs/{n}.json"],
            "runs/1.json in one of the runs, which --baseline",
        ),
        (
            vec!["--page-scenarios", "more.toml", "--json", "users.csv"],
            "--json would replace users.csv, which the scenario",
        ),
    ] {
        let moved = format!("cd {}", folder.path().display());
        let ran = after(&moved, &[&["loadtest", "-H", &host, "--page=127.0.0.1:0"], &options[..]].concat()).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{options:?}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_result_replaces_what_one_request_is_made_of() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Fail).await);
    let url = server.target.to_string();
    let secure = url.replace("http://", "https://");
    fs::write(folder.path().join("there"), OLDER).unwrap();
    for (options, by) in [
        (vec![url.as_str(), "--body", "@there"], "--body"),
        (vec![&secure, "--ca", "there"], "--ca"),
        (vec![&secure, "--cert", "there", "--key", "key"], "--cert"),
        (vec![&secure, "--cert", "cert", "--key", "there"], "--key"),
        (vec![&url, "--page", "--page-cert", "there", "--page-key", "key"], "--page-cert"),
        (vec![&url, "--page", "--page-cert", "cert", "--page-key", "there"], "--page-key"),
    ] {
        let moved = format!("cd {}", folder.path().display());
        let ran = after(&moved, &[&["loadtest"], &options[..], &["-t", "1s", "--json", "there"]].concat()).await;
        let sentence = format!("--json would replace there, which {by} reads");
        assert!(ran.code == 2 && ran.stderr.contains(&sentence), "{options:?}: {ran:?}");
    }
    assert_eq!(text(&folder.path().join("there")), OLDER);
}

#[tokio::test]
async fn options_without_effect_are_refused() {
    for (line, sentence) in [
        ("loadtest --stage 1s:3 -t 10s", "--run-time has no effect with --stage"),
        ("loadtest --print-scenario --products 5", "--products has no effect with --print-scenario"),
        ("loadtest --rate 5 --think-time 1s", "--think-time has no effect with --rate"),
        ("loadtest --products 5 --var products=6", "set the same variable"),
        ("deploy-check --list --before", "--before has no effect with --list"),
        ("deploy-check --before --instance http://x", "--instance is an option of --after"),
        ("deploy-check --before --db-host x", "--db-host is an option of --after"),
        ("deploy-check --after --compose x.yml", "--compose is an option of --before"),
        ("lab --list --users 5", "--users has no effect with --list"),
        ("report --queries --prometheus http://x", "--prometheus has no effect with --queries"),
    ] {
        let ran = run_command(&line.split(' ').collect::<Vec<_>>(), &[]).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{line}: {ran:?}");
    }
}
