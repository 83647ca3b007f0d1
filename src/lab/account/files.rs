//! Writes the files of an account: JSON, a Markdown document and an HTML page.

use super::{Account, markdown, page};
use crate::lab::{LabError, ResultFolder};

impl Account {
    /// Writes the account in all its forms into the folder.
    pub(in crate::lab) fn write(&self, folder: &ResultFolder) -> Result<(), LabError> {
        let json = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        folder.write("lab.json", &json)?;
        folder.write("lab.md", &markdown::text(self))?;
        folder.write("lab.html", &page::page(self))
    }
}
