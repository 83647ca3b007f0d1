//! Runs that are started from the page, one after the other, until Ctrl-C.

use std::path::PathBuf;

use storemgr::loadtest::{Choices, Config, Ended, LivePage, Scenario, StartOrder};
use storemgr::net::Target;
use storemgr::process::{self, Exit};
use tokio::sync::watch;

use super::load;
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

    /// The same for the form. `files` are those of the further scenarios, of which two may have one name.
    pub(super) fn choices(&self, files: &[PathBuf], thresholds: Vec<String>) -> Choices {
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
            thresholds,
        }
    }

    /// The run that was ordered: what is not on the form is as the command line says. The flag says whether its scenario is
    /// that of the command line.
    pub(super) fn ordered(&self, config: &Config, order: &StartOrder) -> (Config, Scenario, bool) {
        let config = Config {
            target: self.hosts[order.host].clone(),
            load: load::ordered(order.load),
            run_time: order.run_time,
            ..config.clone()
        };
        (config, self.scenarios[order.scenario].clone(), order.scenario == 0)
    }
}

/// Makes the runs that are started from the page. The exit code is that of the last one.
pub(super) async fn session(
    page: &LivePage,
    interrupt: &Interrupt,
    mut run: impl AsyncFnMut(StartOrder, u64) -> Result<(Exit, Ended), Failure>,
) -> CommandResult {
    let (mut last, mut number) = (Exit::Interrupted, 0);
    loop {
        let order = tokio::select! {
            order = page.ordered() => order,
            () = interrupt.came() => return Ok(last),
        };
        number += 1;
        match run(order, number).await {
            Ok((_, Ended::Interrupted)) => return Ok(Exit::Interrupted),
            Ok((exit, Ended::Finished)) => last = exit,
            Err(failure) => {
                process::tell(&format!("storemgr: {}", failure.sentence()));
                page.refuse(&failure.sentence());
                last = failure.exit();
            }
        }
    }
}
