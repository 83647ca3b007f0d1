//! A chart as a picture that stands alone, with its title and legend, to be pasted into a document: SVG and PNG.
//!
//! It is dark on white whatever the reader prefers, and has no style sheet, because programs that show SVG in a document
//! read none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use resvg::{tiny_skia, usvg};

use super::chart::{Chart, Key, SIGN};
use super::color;
use crate::units::escaped;

/// The pixels around everything.
const MARGIN: u32 = 8;

/// The height of a line of the title and of the legend, in pixels.
const TITLE_LINE: u32 = 20;
const LEGEND_LINE: u32 = 18;

/// The width of an average letter of the title and of the legend, since no font is known here.
const TITLE_LETTER: usize = 8;
const LEGEND_LETTER: u32 = 7;

/// The pixels of a PNG for each pixel of the drawing: enough for print at the width of a page.
const DENSITY: f32 = 3.0;

impl Chart {
    /// The chart as an SVG document. An error is a sentence.
    pub fn to_svg(&self) -> Result<String, String> {
        let (width, height) = self.size();
        let whole = width + 2 * MARGIN;
        let lines = textwrap::wrap(self.title(), width as usize / TITLE_LETTER);
        let mut head = Vec::new();
        let mut y = MARGIN;
        for line in &lines {
            let place = format!("x=\"{MARGIN}\" y=\"{}\"", y + 14);
            head.push(format!("<text {place} font-size=\"14\" font-weight=\"bold\">{}</text>\n", escaped(line)));
            y += TITLE_LINE;
        }
        let keys = self.keys();
        let mut x = MARGIN;
        for key in keys.iter().filter(|_| keys.len() > 1) {
            let wide = SIGN.0 + 20 + LEGEND_LETTER * key.name.chars().count() as u32;
            if x > MARGIN && x + wide > whole {
                (x, y) = (MARGIN, y + LEGEND_LINE);
            }
            head.push(entry(key, x, y));
            x += wide;
        }
        if keys.len() > 1 {
            y += LEGEND_LINE;
        }
        let (head, content, bottom) = (head.concat(), self.content()?, y + height + MARGIN);
        let name_space = "xmlns=\"http://www.w3.org/2000/svg\"";
        let svg = format!(
            "<svg {name_space} width=\"{whole}\" height=\"{bottom}\" viewBox=\"0 0 {whole} {bottom}\" \
             font-family=\"sans-serif\" fill=\"#1a1d23\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{head}\
             <g transform=\"translate({MARGIN} {y})\">\n{content}</g>\n</svg>\n"
        );
        Ok(color::fixed(&svg))
    }

    /// The chart as a PNG picture, with the letters of a font of this machine. An error is a sentence.
    pub fn to_png(&self, letters: &Letters) -> Result<Vec<u8>, String> {
        let failed = |error: String| format!("the chart {:?} cannot be drawn as PNG: {error}", self.title());
        let options = usvg::Options { fontdb: Arc::clone(&letters.fonts), ..usvg::Options::default() };
        let tree = usvg::Tree::from_str(&self.to_svg()?, &options).map_err(|error| failed(error.to_string()))?;
        let size = tree.size().to_int_size().scale_by(DENSITY);
        let pixels = size.and_then(|size| tiny_skia::Pixmap::new(size.width(), size.height()));
        let mut pixels = pixels.ok_or_else(|| failed("it is too large".to_owned()))?;
        resvg::render(&tree, tiny_skia::Transform::from_scale(DENSITY, DENSITY), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(error.to_string()))
    }
}

/// An entry of the legend at this place.
fn entry(key: &Key<'_>, x: u32, y: u32) -> String {
    let sign = format!("<g transform=\"translate({x} {})\">{}</g>", y + 3, key.sign());
    let place = format!("x=\"{}\" y=\"{}\"", x + SIGN.0 + 5, y + 12);
    format!("{sign}<text {place} font-size=\"12\">{}</text>\n", escaped(key.name))
}

/// A font of this machine, for the letters of pictures. It is read once for all of them.
#[derive(Clone, Debug)]
pub struct Letters {
    fonts: Arc<usvg::fontdb::Database>,
}

/// Where systems keep fonts, the first place that has one.
const FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/run/current-system/sw/share/X11/fonts"];

/// Fonts that look as the pages do, the best first; otherwise the first one that is installed is used.
const FILES: [&str; 4] = ["DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf"];

/// The same in bold, for the title.
const BOLD_FILES: [&str; 4] = ["DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "NotoSans-Bold.ttf", "Arial_Bold.ttf"];

/// The depth at which folders are still searched for fonts.
const DEPTH: usize = 4;

impl Letters {
    /// Reads a font of this machine. The error is a sentence that says what to install.
    pub fn of_this_machine() -> Result<Self, String> {
        let mut files = Vec::new();
        for folder in FOLDERS {
            find(Path::new(folder), DEPTH, &mut files);
        }
        files.sort();
        let named = |names: &[&str]| names.iter().find_map(|name| files.iter().find(|file| file.ends_with(name)));
        let mut fonts = usvg::fontdb::Database::new();
        let chosen = named(&FILES).or_else(|| files.first()).into_iter().chain(named(&BOLD_FILES));
        for file in chosen {
            // A file that cannot be read is as good as none.
            fonts.load_font_data(std::fs::read(file).unwrap_or_default());
        }
        let family = fonts.faces().find_map(|face| Some(face.families.first()?.0.clone())).ok_or_else(|| {
            "no font is installed, so charts can be written as SVG, but not as PNG: install one, for example with \
             apt-get install fonts-dejavu-core"
                .to_owned()
        })?;
        fonts.set_sans_serif_family(family);
        Ok(Self { fonts: Arc::new(fonts) })
    }
}

/// Collects the font files of a folder and of those below it.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && depth > 0 {
            find(&path, depth - 1, files);
        } else if path.extension().is_some_and(|extension| extension == "ttf" || extension == "otf") {
            files.push(path);
        }
    }
}
