//! A GitHub Actions workflow: the actions and images that it runs.

use std::path::{Path, PathBuf};

use super::yaml::{Node, document};
use crate::deploy_check::place::{Place, Problem};

#[derive(Debug)]
pub(in crate::deploy_check) struct Workflow {
    pub(in crate::deploy_check) path: PathBuf,
    /// The values of `uses:`, and the images of its services and containers.
    pub(in crate::deploy_check) uses: Vec<(String, Place)>,
    pub(in crate::deploy_check) images: Vec<(String, Place)>,
}

impl Workflow {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let document = document(path, text)?;
        let (mut uses, mut images) = (Vec::new(), Vec::new());
        gather(&document, &mut uses, &mut images);
        Ok(Self { path: path.to_owned(), uses, images })
    }
}

fn gather(node: &Node, uses: &mut Vec<(String, Place)>, images: &mut Vec<(String, Place)>) {
    for entry in node.entries() {
        let found = entry.value.text().map(|text| (text.to_owned(), entry.value.place.clone()));
        match (entry.key.as_str(), found) {
            ("uses", Some(found)) => uses.push(found),
            ("image" | "container", Some(found)) => images.push(found),
            _ => gather(&entry.value, uses, images),
        }
    }
    node.list().iter().for_each(|item| gather(item, uses, images));
}
