//! Paths that files name, from the folder where they are.

use std::path::{Component, Path, PathBuf};

/// The path under a folder, as a person would write it: without `./`, and without a folder that is left again by `..`, unless
/// that is a link, which leads elsewhere.
pub(super) fn under(folder: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in folder.join(path).components() {
        let enters = matches!(clean.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if enters && !clean.is_symlink() => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// A folder from the root on. The empty path, which is the folder of a file without one, is the working directory.
pub(in crate::deploy_check) fn whole(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_a_person_would_write_them() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::create_dir_all(at("far/away")).unwrap();
        std::os::unix::fs::symlink(at("far/away"), at("link")).unwrap();
        for (folder, path, shown) in [
            ("ops", "../nginx", "nginx"),
            ("ops", "./../nginx/./x", "nginx/x"),
            (".", "x", "x"),
            ("", "../x", "../x"),
            ("..", "../x", "../../x"),
            ("a", "..", "."),
            ("a", "/etc/../x", "/x"),
            ("/", "../x", "/../x"),
        ] {
            assert_eq!(under(Path::new(folder), path), Path::new(shown), "{folder} {path}");
        }
        assert_eq!(under(&at("link"), "../x"), at("link/../x"), "that is far/x");
        assert_eq!(under(&at("far"), "../x"), at("x"));
    }
}
