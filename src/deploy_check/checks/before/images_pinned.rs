//! `images-pinned`: every image is named by version or digest, so that the same files give the same images later.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;

pub(crate) const CHECK: Check = Check {
    id: "images-pinned",
    expected: "every image that is not built here names a version or a digest, never latest",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let mut images: Vec<(String, Place)> = Vec::new();
    if let Ok(compose) = files.compose() {
        for service in compose.services.iter().filter(|service| compose.build_of(service).is_none()) {
            // env-complete reports a variable that is not set, here as the name of an image.
            images.extend(service.image.clone().map(|image| (image, service.place_of("image"))));
        }
    }
    for file in files.dockerfiles().unwrap_or_default() {
        let start = Place::new(&file.path, 0);
        let bases = file.bases.iter().zip(&file.base_lines);
        // An argument without a value is given when the image is built.
        images.extend(bases.filter(|(base, _)| !base.is_empty()).map(|(base, line)| (base.clone(), start.at(*line))));
    }
    for workflow in files.workflows().unwrap_or_default() {
        images.extend(workflow.images.iter().cloned());
    }
    if images.is_empty() {
        return Err(CheckOutcome::skip("no images are named", "see files-readable"));
    }
    let loose = images.iter().filter(|(image, _)| !is_pinned(image));
    let loose: Vec<_> = loose.map(|(image, place)| Fault::warning(Some(place.clone()), image.clone())).collect();
    let advice = "write the version that was tested, as name:1.2.3 or name@sha256:…";
    Ok(CheckOutcome::of(loose, advice, || format!("{} images", images.len())).with_unseen(files.unseen_services()))
}

/// Whether an image has a digest, or a tag and a number in the tag or in a name such as `cc-debian12`. An expression of
/// a workflow passes, because its value is not known here.
fn is_pinned(image: &str) -> bool {
    if image.contains("@sha256:") || image.contains("${{") {
        return true;
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map_or("latest", |(_, tag)| tag);
    // ops/deploy tags the images of earlier deployments like this, to be able to go back to them.
    if ["previous", "replaced"].contains(&tag) {
        return true;
    }
    tag != "latest" && last.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_tag_with_a_number_or_a_digest() {
        for (image, pinned) in [
            ("mysql:9.7.1", true),
            ("registry:5000/mysql", false),
            ("redis", false),
            ("redis:latest", false),
            ("storemgr:previous", true),
            ("debian:trixie-slim", false),
            ("debian:13-slim", true),
            ("nginx@sha256:00", true),
            ("gcr.io/distroless/cc-debian12:nonroot", true),
            ("", false),
        ] {
            assert_eq!(is_pinned(image), pinned, "{image}");
        }
    }
}
