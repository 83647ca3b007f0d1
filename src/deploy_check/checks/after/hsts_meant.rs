//! `hsts-meant`: browsers are told for as long as it was meant that the store has TLS (RFC 6797), and by TLS only.
//!
//! What a browser was told cannot be taken back before its time, so an age that nobody meant is a fault, and a short one is
//! how one begins.

use hyper::Method;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::{Scheme, Target};

pub(crate) const CHECK: Check = Check {
    id: "hsts-meant",
    expected: "Strict-Transport-Security has the age of --hsts-age, and is sent over TLS only",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let public = deployment.public_target()?;
    let seen = header(deployment, public).await.ok_or_else(|| {
        CheckOutcome::skip(format!("{public} does not answer"), "see certificate-served and front-reaches-instances")
    })?;
    for plain in deployment.redirect.iter().chain(&deployment.front).filter(|plain| *plain != public) {
        if plain.scheme() == Scheme::Http
            && let Some(Some(value)) = header(deployment, plain).await
        {
            return Ok(CheckOutcome::warn(
                format!("{plain} sends Strict-Transport-Security: {value} in clear"),
                "send it over TLS only: browsers do not believe it elsewhere",
            ));
        }
    }
    let value = seen.unwrap_or_else(|| "max-age=0".to_owned());
    let Some(age) = age(&value) else {
        let seen = format!("Strict-Transport-Security: {value} has no max-age");
        return Ok(CheckOutcome::fail(seen, "send max-age=SECONDS"));
    };
    let told = if age == 0 { "browsers are told nothing".to_owned() } else { format!("browsers are told for {age} s") };
    Ok(match deployment.hsts_age {
        Some(meant) if meant != age => CheckOutcome::fail(
            format!("{told}, and {meant} s is meant"),
            "set STOREMGR_HSTS_AGE to what is meant, and let nginx have it: `ops/deploy`",
        ),
        _ => CheckOutcome::pass(told),
    })
}

/// The header of an answer; `None` if there is no answer.
async fn header(deployment: &RunningDeployment, target: &Target) -> Option<Option<String>> {
    let answer = deployment.request(target, Method::GET, "/health-check", &[], Vec::new()).await.ok()?;
    Some(answer.headers.get("strict-transport-security").map(|value| String::from_utf8_lossy(value.as_bytes()).into()))
}

/// The value of `max-age`.
fn age(value: &str) -> Option<u64> {
    let mut parts = value.split(';').filter_map(|part| part.trim().split_once('='));
    let (_, age) = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))?;
    age.trim().trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn the_age_is_found_among_the_parts() {
        for (value, expected) in [
            ("max-age=300", Some(300)),
            ("includeSubDomains; Max-Age=\"63072000\"; preload", Some(63_072_000)),
            ("preload", None),
            ("max-age=soon", None),
        ] {
            assert_eq!(age(value), expected, "{value}");
        }
    }
}
