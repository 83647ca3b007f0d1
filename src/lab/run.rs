//! Runs a lab: measures all subjects in rounds and writes each result before the next measurement.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::account::Account;
use super::conditions::{LabConditions, Subject};
use super::failure::RungFailure;
use super::measurement::{Measurement, UserLimit};
use super::rung_runner::RungRunner;
use super::stop::Stop;
use super::store::{StoreStarter, plan};
use super::{Config, Event, LabError, Observer, burst, experiments};
use crate::loadtest::Scenario;
use crate::stack::Stack;

/// The outcome of a lab that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The results.
    pub account: Account,
    /// Whether it was interrupted before its end.
    pub interrupted: bool,
}

/// Measures all subjects of the conditions that were not measured yet, until all are done or `interrupt` resolves. In
/// either case, no process of the lab runs when this returns.
pub async fn run(
    config: &Config,
    observer: Observer<'_>,
    interrupt: impl Future<Output = ()>,
) -> Result<Finished, LabError> {
    let ran = locked(config, observer, interrupt).await;
    ran.inspect_err(|_| config.folder.forget_if_empty())
}

async fn locked(
    config: &Config,
    observer: Observer<'_>,
    interrupt: impl Future<Output = ()>,
) -> Result<Finished, LabError> {
    if config.conditions.measures_nothing() {
        return Err(LabError::Nothing);
    }
    let _lock = lock(&config.home)?;
    // Only after the checks, so that a refused lab changes nothing.
    config.folder.extend(&config.conditions)?;
    let stack = Stack::open(&config.home).map_err(LabError::file(&config.home, "read"))?;
    Stop::while_running(interrupt, |stop| async move {
        // Stop what a killed lab may have left running.
        stack.down(&|_| {}).await?;
        let finished = Box::pin(work(config, &stack, &stop, observer)).await;
        if stack.access()?.is_some() {
            observer(Event::Step("stopping"));
        }
        stack.down(&|_| {}).await?;
        finished
    })
    .await
}

async fn work(config: &Config, stack: &Stack, stop: &Stop, observer: Observer<'_>) -> Result<Finished, LabError> {
    let conditions = &config.conditions;
    let LabConditions { products, customers, .. } = *conditions;
    let store = StoreStarter { config, stack, plan: plan(conditions)?, stop };
    let scenario = Scenario::store(products, customers, &[])?;
    let runner =
        RungRunner { store: &store, scenario: &scenario, orders_alone: &burst::scenario(products, customers)? };
    let mut account = Account::new(conditions, &conditions.subjects(), config.language);
    let interrupted = Box::pin(ladder(&runner, &mut account, observer)).await?
        || experiments::run(&store, &scenario, &mut account, observer).await?;
    // Also needed if everything had been measured before.
    account.write(&config.folder)?;
    Ok(Finished { account, interrupted })
}

/// Measures all subjects in rounds. Returns whether the lab was interrupted.
async fn ladder(runner: &RungRunner<'_>, account: &mut Account, observer: Observer<'_>) -> Result<bool, LabError> {
    let Config { conditions, folder, .. } = runner.store.config;
    let subjects = conditions.subjects();
    let turns = subjects.len() * conditions.repeat as usize;
    let rounds = (1..=conditions.repeat).flat_map(|round| subjects.iter().enumerate().map(move |at| (round, at)));
    for ((round, (place, subject)), turn) in rounds.zip(1..) {
        let kept = folder.measurement(subject, round)?;
        // It is searched once, in the first round.
        let is_searched = round == 1 && conditions.searches(subject);
        if let Some(measurement) = kept.clone().filter(|kept| !is_searched || kept.limit.is_some()) {
            account.add(place, measurement);
            observer(Event::Kept(subject.name()));
            continue;
        }
        if runner.store.stop.is_asked() {
            if let Some(kept) = kept {
                account.add(place, kept);
            }
            return Ok(true);
        }
        let rung = if let Subject::Rung(rung) = subject { Some(*rung) } else { None };
        observer(Event::Begun { name: subject.name(), rung, turn: (turn, turns) });
        let measured = match kept {
            Some(kept) => Ok(kept),
            None => measured(runner, subject, observer).await,
        };
        match measured {
            Ok(mut measurement) => {
                folder.keep(subject, round, &measurement)?;
                if is_searched {
                    match limit(runner, subject, observer).await {
                        Ok(limit) => measurement.limit = Some(limit),
                        Err(RungFailure::Broken(reason)) => measurement.limit = Some(UserLimit::not_found(reason)),
                        Err(RungFailure::Fatal(error)) => return Err(error),
                        Err(RungFailure::Interrupted(_)) => {
                            // The load test before it was finished, and is not measured again.
                            account.add(place, measurement);
                            return Ok(true);
                        }
                    }
                    folder.keep(subject, round, &measurement)?;
                }
                account.add(place, measurement);
            }
            Err(RungFailure::Broken(reason)) => account.broken(place, reason),
            Err(RungFailure::Fatal(error)) => return Err(error),
            Err(RungFailure::Interrupted(part)) => {
                if let Some(part) = part {
                    folder.keep_part(subject, round, &part)?;
                }
                return Ok(true);
            }
        }
        account.write(folder)?;
        observer(Event::Measured { account, place });
    }
    Ok(false)
}

async fn measured(
    runner: &RungRunner<'_>,
    subject: &Subject,
    observer: Observer<'_>,
) -> Result<Measurement, RungFailure> {
    match subject {
        Subject::Rung(rung) => Box::pin(runner.rung(rung, observer)).await,
        Subject::OtherService(other) => runner.other(other, observer).await,
    }
}

async fn limit(runner: &RungRunner<'_>, subject: &Subject, observer: Observer<'_>) -> Result<UserLimit, RungFailure> {
    match subject {
        Subject::Rung(rung) => Box::pin(runner.limit_of_rung(rung, observer)).await,
        Subject::OtherService(other) => Box::pin(runner.limit_of_other(other, observer)).await,
    }
}

/// Makes sure that only one lab runs in a directory. The lock is held as long as the returned file is open, so it also
/// ends when this process is killed.
fn lock(home: &Path) -> Result<File, LabError> {
    std::fs::create_dir_all(home).map_err(LabError::file(home, "made"))?;
    let ignore = home.join(".gitignore");
    std::fs::write(&ignore, "*\n").map_err(LabError::file(&ignore, "written"))?;
    let path = home.join("lock");
    let file = File::create(&path).map_err(LabError::file(&path, "written"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::Busy),
        Err(TryLockError::Error(error)) => Err(LabError::file(&path, "locked")(error)),
    }
}
