//! Runs that are started from the page, one after the other, until Ctrl-C.

use std::path::PathBuf;

use storemgr::loadtest::{Choices, Config, Ended, LivePage, OrderedLoad, OrderedRun, Scenario, StartOrder};
use storemgr::net::Target;
use storemgr::process::{self, Exit};
use storemgr::units::Language;
use tokio::sync::watch;

use super::load;
use super::way::WayArgs;
use crate::failure::{CommandResult, Failure};

/// An interrupt by Ctrl-C or a signal, which several parts wait for.
#[derive(Clone, Debug)]
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Result<Self, Failure> {
        let terminated = process::terminated().map_err(Failure::could_not_run)?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            terminated.await;
            sender.send_replace(true);
            // As long as somebody listens, he can be told.
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// Resolves when the interrupt has come.
    pub(super) async fn came(&self) {
        if self.0.clone().wait_for(|came| *came).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What may be chosen on the page.
#[derive(Debug)]
pub(super) struct Offered {
    hosts: Vec<Target>,
    scenarios: Vec<Scenario>,
}

impl Offered {
    /// The first of each is that of the command line.
    pub(super) fn new(host: &Target, more_hosts: &[Target], scenario: Scenario, more_scenarios: Vec<Scenario>) -> Self {
        let mut hosts = vec![host.clone()];
        for more in more_hosts {
            if !hosts.contains(more) {
                hosts.push(more.clone());
            }
        }
        Self { hosts, scenarios: [scenario].into_iter().chain(more_scenarios).collect() }
    }

    /// The same for the form, which opens `with` the rest. `files` are those of the further scenarios, of which two may have one
    /// name.
    pub(super) fn choices(&self, files: &[PathBuf], with: Choices) -> Choices {
        let name = |(place, scenario): (usize, &Scenario)| {
            let name = scenario.name().to_owned();
            match place.checked_sub(1).and_then(|place| files.get(place)) {
                Some(file) => format!("{name} ({})", file.display()),
                None => name,
            }
        };
        Choices {
            hosts: self.hosts.iter().map(ToString::to_string).collect(),
            scenarios: self.scenarios.iter().enumerate().map(name).collect(),
            ..with
        }
    }

    /// The run that was ordered: what is not on the form is as the command line says, and so is the way, which knows how many
    /// users share a connection. The flag says whether its scenario is that of the command line.
    pub(super) fn ordered(&self, config: &Config, way: &WayArgs, order: &StartOrder) -> (Config, Scenario, bool) {
        let config = Config {
            target: self.hosts[order.host].clone(),
            load: load::ordered(order.load),
            run_time: order.run_time,
            streams: way.streams(matches!(order.load, OrderedLoad::Rate { .. })),
            ..config.clone()
        };
        (config, self.scenarios[order.scenario].clone(), order.scenario == 0)
    }
}

/// Makes the runs that are started from the page, which says in this language why one is not made. The exit code is that of the
/// last one.
pub(super) async fn session(
    page: &LivePage,
    language: Language,
    interrupt: &Interrupt,
    mut run: impl AsyncFnMut(OrderedRun) -> Result<(Exit, Ended), Failure>,
) -> CommandResult {
    let mut last = Exit::Interrupted;
    loop {
        let ordered = tokio::select! {
            ordered = page.ordered() => ordered,
            () = interrupt.came() => return Ok(last),
        };
        match run(ordered).await {
            Ok((_, Ended::Interrupted)) => return Ok(Exit::Interrupted),
            Ok((exit, Ended::Finished)) => last = exit,
            Err(failure) => {
                process::tell(&format!("storemgr: {}", failure.sentence()));
                page.refuse(&language.retold(&failure.sentence()));
                last = failure.exit();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{Args as _, FromArgMatches};
    use storemgr::net::Way;

    use super::*;

    fn way(arguments: &[&str]) -> WayArgs {
        let command = WayArgs::augment_args(clap::Command::new("storemgr"));
        WayArgs::from_arg_matches(&command.get_matches_from([&["storemgr"], arguments].concat())).unwrap()
    }

    #[test]
    fn connections_are_shared_as_the_load_that_was_ordered_needs_it() {
        let target = Target::parse("https://shop.example").unwrap();
        let users = OrderedLoad::Users { users: 5, spawn_rate: None };
        let rate = OrderedLoad::Rate { per_second: 5.0, at_random: false };
        let config = Config {
            target: target.clone(),
            way: Way::default(),
            load: load::ordered(users),
            warm_up: Duration::ZERO,
            run_time: Duration::from_mins(1),
            iterations: None,
            streams: 1,
            timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(10),
            seed: 1,
        };
        let offered = Offered::new(&target, &[], Scenario::store(1, 1, &[]).unwrap(), Vec::new());
        let streams = |load, arguments: &[&str]| {
            let order =
                StartOrder { host: 0, scenario: 0, load, run_time: Duration::from_secs(5), thresholds: Vec::new() };
            offered.ordered(&config, &way(arguments), &order).0.streams
        };
        assert_eq!([streams(users, &["--http2"]), streams(rate, &["--http2"]), streams(rate, &[])], [1, 100, 1]);
        let seven = ["--http2", "--streams", "7"];
        assert_eq!([streams(users, &seven), streams(rate, &seven)], [7, 7]);
    }
}
