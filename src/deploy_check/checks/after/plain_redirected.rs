//! `plain-redirected`: who comes in clear is sent to the address with TLS, and is not answered.

use hyper::Method;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "plain-redirected",
    expected: "plain HTTP is sent to the public address with TLS, or not answered at all",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// A request that the store would answer.
const PATH: &str = "/products?limit=1";

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let public = deployment.public_target()?;
    let plain = match &deployment.redirect {
        Some(redirect) => redirect.clone(),
        None => port_80(public)?,
    };
    let Ok(answer) = deployment.request(&plain, Method::GET, PATH, &[], Vec::new()).await else {
        return Ok(CheckOutcome::pass(format!("nothing answers at {plain}")));
    };
    let to = answer.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = to.strip_prefix("https://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    let status = answer.status;
    if status.is_redirection() && host.is_some_and(|host| host.eq_ignore_ascii_case(public.host_name())) {
        return Ok(CheckOutcome::pass(format!("{plain} sends to {to}")));
    }
    let seen = if status.is_redirection() {
        format!("{plain} sends to {to}, not to {public}")
    } else {
        format!("{plain} answers {status} in clear")
    };
    Ok(CheckOutcome::fail(seen, "let that port answer `return 308 https://…$request_uri`, as nginx/redirect.conf does"))
}

fn port_80(public: &Target) -> Result<Target, CheckOutcome> {
    let text = format!("http://{}", public.host());
    Target::parse(&text).map_err(|_| CheckOutcome::skip(format!("{text} is no address"), "set STOREMGR_REDIRECT_URL"))
}
