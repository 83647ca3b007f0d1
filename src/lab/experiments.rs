//! The experiments beside the ladder, which are measured after it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::account::{Account, ExperimentAccount};
use super::failure::RungFailure;
use super::folder::Experiment;
use super::store::StoreStarter;
use super::{Event, LabError, Observer};
use crate::loadtest::Scenario;
use crate::units::Language;

/// Measures the experiments that are asked for and were not measured yet. Returns whether the lab was interrupted.
pub(super) async fn run(
    store: &StoreStarter<'_>,
    scenario: &Scenario,
    account: &mut Account,
    observer: Observer<'_>,
) -> Result<bool, LabError> {
    let (sizes, policies) = (&store.config.conditions.order_lines, &store.config.conditions.balance);
    if !sizes.is_empty() {
        let work = store.order_lines(sizes, observer);
        let outcome = Box::pin(once(store, Experiment::OrderLines, work, observer)).await?;
        if take(
            store,
            account,
            outcome,
            |account| &mut account.order_lines,
            ExperimentAccount::of_order_lines,
            observer,
        )? {
            return Ok(true);
        }
    }
    if !policies.is_empty() {
        let work = store.balancing(policies, scenario, observer);
        let outcome = Box::pin(once(store, Experiment::Balancing, work, observer)).await?;
        return take(
            store,
            account,
            outcome,
            |account| &mut account.balancing,
            ExperimentAccount::of_balancing,
            observer,
        );
    }
    Ok(false)
}

/// Puts the result of an experiment into its place in the account, and shows it if it is new. Returns whether the lab was
/// interrupted.
fn take<T>(
    store: &StoreStarter<'_>,
    account: &mut Account,
    outcome: Outcome<T>,
    place: fn(&mut Account) -> &mut Option<T>,
    shown: fn(&T, Language) -> ExperimentAccount,
    observer: Observer<'_>,
) -> Result<bool, LabError> {
    match outcome {
        Outcome::Kept(result) => *place(account) = Some(result),
        Outcome::Measured(result) => {
            let shown = shown(&result, account.language());
            *place(account) = Some(result);
            account.write(&store.config.folder)?;
            observer(Event::Experimented(&shown));
        }
        Outcome::Broken(reason) => account.broken_experiments.push(reason),
        Outcome::Interrupted => return Ok(true),
    }
    Ok(false)
}

/// What became of an experiment.
enum Outcome<T> {
    /// It was measured before.
    Kept(T),
    /// It has been measured and is stored.
    Measured(T),
    /// It could not be measured, for the reason in this sentence.
    Broken(String),
    /// The lab was asked to stop.
    Interrupted,
}

/// Measures an experiment unless the folder has its result.
async fn once<T: Serialize + DeserializeOwned>(
    store: &StoreStarter<'_>,
    experiment: Experiment,
    work: impl Future<Output = Result<T, RungFailure>>,
    observer: Observer<'_>,
) -> Result<Outcome<T>, LabError> {
    let folder = &store.config.folder;
    if let Some(kept) = folder.experiment(experiment)? {
        observer(Event::Kept(experiment.name()));
        return Ok(Outcome::Kept(kept));
    }
    if store.stop.is_asked() {
        return Ok(Outcome::Interrupted);
    }
    observer(Event::Experiment(experiment.name()));
    match work.await {
        Ok(result) => {
            folder.keep_experiment(experiment, &result)?;
            Ok(Outcome::Measured(result))
        }
        Err(RungFailure::Broken(reason)) => Ok(Outcome::Broken(format!("{}: {reason}", experiment.name()))),
        Err(RungFailure::Fatal(error)) => Err(error),
        Err(RungFailure::Interrupted(_)) => Ok(Outcome::Interrupted),
    }
}
