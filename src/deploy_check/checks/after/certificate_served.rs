//! `certificate-served`: clients get a certificate that they trust, that is for the name they use, and that lasts.

use std::time::SystemTime;

use crate::deploy_check::certificates::{Judgement, judge};
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::{self, NetError};

pub(crate) const CHECK: Check = Check {
    id: "certificate-served",
    expected: "the public address shows a trusted certificate for its name, with its chain, for two more weeks",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let public = deployment.public_target()?;
    let advice = "see which certificate nginx was given, and whether it was reloaded since: `ops/deploy certificate`";
    Ok(match net::validity_of(public, &deployment.way, deployment.timeout).await {
        Err(error @ NetError::Tls(_)) => CheckOutcome::fail(format!("{public}: {error}"), advice),
        Err(error) => CheckOutcome::fail(format!("{public}: {error}"), "see that nginx runs, and its error log"),
        Ok(None) => CheckOutcome::fail(format!("{public} does not say until when its certificate is valid"), advice),
        Ok(Some(validity)) => match judge(validity, SystemTime::now()) {
            Judgement::Good(sentence) => CheckOutcome::pass(sentence),
            Judgement::Soon(sentence) => CheckOutcome::warn(sentence, "renew it, and see why nothing has yet"),
            Judgement::Bad(sentence) => CheckOutcome::fail(sentence, advice),
        },
    })
}
