//! `certificate-valid`: the certificates that nginx shows are there, fit their keys, and are valid for some time to come.
//!
//! Only files that a container has from this machine are looked at. What nobody renews is told by how little is left.

use std::time::SystemTime;

use crate::deploy_check::certificates::{Judgement, judge};
use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Lookup, Nginx, Shown};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::net::ServerTls;

pub(crate) const CHECK: Check = Check {
    id: "certificate-valid",
    expected: "the certificates of nginx are there, belong to their keys, and are valid now and for two weeks",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.nginx()?;
    let shown: Vec<_> = configurations
        .iter()
        .flat_map(|nginx| nginx.certificates().into_iter().map(move |one| (*nginx, one)))
        .collect();
    if shown.is_empty() {
        let unseen = configurations.iter().find_map(|nginx| nginx.unseen());
        return Ok(CheckOutcome::pass("nginx shows no certificate").with_unseen(unseen));
    }
    let (mut faults, mut seen) = (Vec::new(), Vec::new());
    for (nginx, one) in &shown {
        match look_at(files, nginx, one) {
            Some(Ok(sentence)) => seen.push(sentence),
            Some(Err(fault)) => faults.push(fault),
            None => {}
        }
    }
    if faults.is_empty() && seen.is_empty() {
        let sentence = "the certificates of nginx are not on this machine";
        return Err(CheckOutcome::skip(sentence, "deploy-check --after looks at what is served"));
    }
    seen.dedup();
    let advice = "give nginx the certificate with its chain and the key that belongs to it, and renew it in time";
    Ok(CheckOutcome::of(faults, advice, || seen.join("; ")))
}

/// What is to be said of one certificate; `None` if its files are not on this machine.
fn look_at(files: &Files, nginx: &Nginx, shown: &Shown) -> Option<Result<String, Fault>> {
    let place = Some(shown.place.clone());
    let (certificate, key) = match (nginx.look_up(files, &shown.certificate), nginx.look_up(files, &shown.key)) {
        (Lookup::Here(certificate), Lookup::Here(key)) => (certificate, key),
        // What is secret, or made elsewhere, may be there only where it will run.
        (Lookup::Missing(path), _) | (_, Lookup::Missing(path)) => {
            return Some(Err(Fault::warning(place, format!("there is no {}", path.display()))));
        }
        _ => return None,
    };
    let tls = match ServerTls::read(&certificate, &key) {
        Ok(tls) => tls,
        Err(error) => return Some(Err(Fault::error(place, error.to_string()))),
    };
    let name = certificate.display();
    let Some(validity) = tls.validity() else {
        return Some(Err(Fault::error(place, format!("{name} does not say until when it is valid"))));
    };
    Some(match judge(validity, SystemTime::now()) {
        Judgement::Good(sentence) => Ok(sentence),
        Judgement::Soon(sentence) => Err(Fault::warning(place, format!("{name}: {sentence}"))),
        Judgement::Bad(sentence) => Err(Fault::error(place, format!("{name}: {sentence}"))),
    })
}
