//! `timeout-order`: the outer time limits are longer than the inner ones: client, nginx, instance, pool and queue; and for
//! other programs nginx and the program.
//!
//! Otherwise a request is abandoned while an instance still works on it, and its sender repeats it. That doubles the
//! work just when there is too much of it.

use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{CLIENT_TIMEOUT, ORDER_QUEUE_WAIT, POOL_WAIT, REQUEST_DEADLINE, Setting};
use crate::deploy_check::files::{Compose, Files, Nginx, Pass, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "timeout-order",
    expected: "a client waits longer than nginx, nginx longer than an instance or a program, an instance longer than its pool and its orders",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.nginx()?;
    let compose = files.compose()?;
    let passes: Vec<Pass> = configurations.iter().flat_map(|nginx| nginx.passes()).collect();
    let unseen = configurations.iter().find_map(|nginx| nginx.unseen());
    let programs: Vec<_> = passes.iter().filter_map(|pass| of_program(compose, pass)).collect();
    let faults: Vec<_> = programs.iter().filter_map(|(pass, service, limit)| fault(pass, service, *limit)).collect();
    let Ok(instances) = files.instances() else {
        if programs.is_empty() {
            return Err(CheckOutcome::skip(
                "nginx passes requests to no program whose time limit is known",
                "nothing to do",
            ));
        }
        let advice = "lengthen nginx's read timeout there, or shorten the program's";
        return Ok(CheckOutcome::of(faults, advice, || format!("{} ways through nginx", programs.len())));
    };
    let ways: Vec<_> = passes.iter().filter(|pass| instances.iter().any(|one| one.answers_to(&pass.host))).collect();
    let says_nothing = configurations.iter().all(|nginx| nginx.named("proxy_read_timeout").is_empty());
    if let (true, Some(unseen)) = (says_nothing, &unseen) {
        return Err(CheckOutcome::skip(
            format!("proxy_read_timeout may be set in {unseen}"),
            "check that file by hand",
        ));
    }
    Ok(of_the_store(compose, &configurations, &instances, &ways, unseen))
}

/// The limits around the instances of the store.
fn of_the_store(
    compose: &Compose,
    configurations: &[&Nginx],
    instances: &[&Service],
    ways: &[&Pass],
    unseen: Option<String>,
) -> CheckOutcome {
    let clients = compose.services.iter().filter(|service| service.words().iter().any(|word| word == "loadtest"));
    let client = clients.map(|service| CLIENT_TIMEOUT.duration(Some(service))).min();
    let client = client.unwrap_or_else(|| CLIENT_TIMEOUT.duration(None));
    let longest = ways.iter().map(|pass| pass.patience).max().unwrap_or(Duration::from_mins(1));
    let shortest = ways.iter().map(|pass| pass.patience).min().unwrap_or(Duration::from_mins(1));
    let deadlines = || instances.iter().map(|instance| REQUEST_DEADLINE.duration(Some(instance)));
    let longest_of = |wait: Setting| instances.iter().map(|one| wait.duration(Some(one))).max().unwrap_or_default();
    let (slowest, quickest) = (deadlines().max().unwrap_or_default(), deadlines().min().unwrap_or_default());
    let (pool, orders) = (longest_of(POOL_WAIT), longest_of(ORDER_QUEUE_WAIT));
    let show = units::duration;
    let seen = format!(
        "client {}, nginx {}, instance {}, pool {}, orders {}",
        show(client),
        show(longest),
        show(slowest),
        show(pool),
        show(orders)
    );
    let advice = if client <= longest {
        "shorten nginx's proxy_read_timeout, or lengthen `loadtest --timeout`"
    } else if shortest <= slowest {
        "lengthen nginx's proxy_read_timeout, or shorten STOREMGR_REQUEST_DEADLINE"
    } else if quickest <= pool {
        "lengthen STOREMGR_REQUEST_DEADLINE, or shorten STOREMGR_DB_POOL_WAIT"
    } else if quickest <= orders {
        "lengthen STOREMGR_REQUEST_DEADLINE, or shorten STOREMGR_ORDER_QUEUE_WAIT"
    } else {
        return CheckOutcome::pass(seen).with_unseen(unseen);
    };
    let place =
        configurations.iter().flat_map(|nginx| nginx.named("proxy_read_timeout")).map(|one| one.place.clone()).next();
    CheckOutcome::of(vec![Fault::error(place, seen)], advice, String::new)
}

/// The program behind a pass, and how long it may take for an answer; `None` if that is not known.
fn of_program<'a>(compose: &'a Compose, pass: &'a Pass) -> Option<(&'a Pass, &'a Service, Duration)> {
    let service = compose.service(&pass.host)?;
    let words = service.words();
    let runs = |program: &str| {
        words.iter().any(|word| word.split_whitespace().any(|part| part.rsplit('/').next() == Some(program)))
    };
    let limit = if runs("gunicorn") {
        let in_variable = service.environment.get("GUNICORN_CMD_ARGS").and_then(|text| text.split("--timeout").nth(1));
        let in_variable = in_variable
            .and_then(|rest| rest.trim_start_matches(['=', ' ']).split_whitespace().next())
            .map(str::to_owned);
        let variable = service.environment.get("GUNICORN_TIMEOUT").cloned();
        // Without a word, gunicorn gives a worker 30 s.
        service.flag(&["--timeout", "-t"]).or(in_variable).or(variable).unwrap_or_else(|| "30".to_owned())
    } else if runs("uwsgi") {
        service.flag(&["--harakiri"])?
    } else {
        return None;
    };
    let limit = units::parse_duration(&limit).ok().filter(|limit| !limit.is_zero())?;
    Some((pass, service, limit))
}

fn fault(pass: &Pass, service: &Service, limit: Duration) -> Option<Fault> {
    if pass.patience >= limit {
        return None;
    }
    let says = format!(
        "nginx waits {} for {}, which may take {}: it answers 504 while the program still works",
        units::duration(pass.patience),
        service.name,
        units::duration(limit)
    );
    Some(Fault::warning(Some(pass.place.clone()), says).write(format!("proxy_read_timeout {}s;", limit.as_secs() + 5)))
}
