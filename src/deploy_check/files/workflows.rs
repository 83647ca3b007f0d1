//! A GitHub Actions workflow: the actions and images that it runs.

use std::path::{Path, PathBuf};

use yaml_serde::Value;

#[derive(Debug)]
pub(in crate::deploy_check) struct Workflow {
    pub(in crate::deploy_check) path: PathBuf,
    /// The values of `uses:`, and the images of its services and containers.
    pub(in crate::deploy_check) uses: Vec<String>,
    pub(in crate::deploy_check) images: Vec<String>,
}

impl Workflow {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let document: Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
        let (mut uses, mut images) = (Vec::new(), Vec::new());
        gather(&document, &mut uses, &mut images);
        Ok(Self { path: path.to_owned(), uses, images })
    }
}

fn gather(value: &Value, uses: &mut Vec<String>, images: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, inside) in map {
                match (key.as_str(), inside) {
                    (Some("uses"), Value::String(text)) => uses.push(text.clone()),
                    (Some("image" | "container"), Value::String(text)) => images.push(text.clone()),
                    _ => gather(inside, uses, images),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| gather(item, uses, images)),
        _ => {}
    }
}
