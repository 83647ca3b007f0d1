//! Writes what a lab was asked to write beside its folder: the answers to the nine questions, and every chart as a picture.

use std::path::{Path, PathBuf};

use super::answers::{ChartLinks, answers, document};
use super::{Account, charts};
use crate::files;
use crate::lab::LabError;
use crate::page::Letters;

impl Account {
    /// Writes the answers to the nine questions as a Markdown document, and their charts into the folder, or into one beside
    /// the document. Returns a sentence if the charts could be written as SVG only.
    pub fn write_answers(&self, document_path: &Path, folder: Option<&Path>) -> Result<Option<String>, LabError> {
        let beside = document_path.with_extension("charts");
        let folder = folder.unwrap_or(&beside);
        let complaint = self.write_charts(folder)?;
        let extension = if complaint.is_some() { "svg" } else { "png" };
        let links = ChartLinks { folder: link(document_path, folder), extension };
        let text = document(self, &links);
        files::write(document_path, text.as_bytes()).map_err(LabError::file(document_path, "written"))?;
        Ok(complaint)
    }

    /// Writes every chart of the page and of the answers into the folder, as SVG and PNG. Returns a sentence if it had to
    /// be SVG only.
    pub fn write_charts(&self, folder: &Path) -> Result<Option<String>, LabError> {
        std::fs::create_dir_all(folder).map_err(LabError::file(folder, "made"))?;
        let letters = Letters::of_this_machine();
        let mut complaint = letters.as_ref().err().cloned();
        let of_subjects = self.rungs.iter().flat_map(|subject| charts::of_subject(subject, self.language));
        let of_answers = answers(self).into_iter().flat_map(|answer| answer.charts);
        for (name, chart) in charts::all(self).into_iter().chain(of_subjects).chain(of_answers) {
            let write = |extension: &str, content: &[u8]| {
                let path = folder.join(format!("{name}.{extension}"));
                files::write(&path, content).map_err(LabError::file(&path, "written"))
            };
            match chart.to_svg() {
                Ok(svg) => write("svg", svg.as_bytes())?,
                Err(error) => complaint = Some(error),
            }
            match letters.as_ref().map(|letters| chart.to_png(letters)) {
                Ok(Ok(png)) => write("png", &png)?,
                Ok(Err(error)) => complaint = Some(error),
                Err(_) => {}
            }
        }
        Ok(complaint)
    }
}

/// The folder as a document links to it: relative where it lies below the document's own folder.
fn link(document: &Path, folder: &Path) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let home = document.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (home, folder) = (real(home), real(folder));
    let relative: PathBuf = folder.strip_prefix(&home).map_or_else(|_| folder.clone(), Path::to_owned);
    // A space would end the link.
    relative.display().to_string().replace(' ', "%20")
}
