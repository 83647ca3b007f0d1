//! The text of a file of a deployment, within limits: a stranger's files may be of any size, and no files at all.

use std::io::Read;
use std::path::Path;

/// The longest file that is read. The largest dashboards have a few megabytes.
const LONGEST: u64 = 8 << 20;

/// The text of a regular file. Bytes that are no UTF-8, such as those of Latin-1 in a comment, are replaced.
pub(in crate::deploy_check) fn read_text(path: &Path) -> Result<String, String> {
    let data = path.metadata().map_err(|error| error.to_string())?;
    if data.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if !data.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST {
        return Err("it has more than 8 MiB, and is not read".to_owned());
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}
