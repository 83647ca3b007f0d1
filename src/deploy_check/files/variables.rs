//! `.env`: variables and secrets, one per line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::process::env_file;

pub(in crate::deploy_check) struct Variables {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) values: BTreeMap<String, String>,
}

/// Shows the names only, because values may be secrets.
impl std::fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Variables").field("path", &self.path).field("names", &self.values.keys()).finish()
    }
}

impl Variables {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for pair in dotenvy::from_read_iter(text.as_bytes()) {
            // The message of the parser would show the line, and perhaps a secret in it.
            let (name, value) = pair.map_err(|_| format!("{} is not NAME=value", env_file::bad_line(text)))?;
            values.insert(name, value);
        }
        Ok(Self { path: path.to_owned(), values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_by_its_number_alone() {
        let error = Variables::parse(Path::new(".env"), "A=1\nDB_PASSWORD = geheim nis\n").unwrap_err();
        assert_eq!(error, "line 2 is not NAME=value");
        let read = Variables::parse(Path::new(".env"), "# note\nA=1\nB='two words'\nexport C=\n").unwrap();
        let pairs: Vec<_> = read.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "two words"), ("C", "")]);
        assert!(!format!("{read:?}").contains("two words"));
    }
}
