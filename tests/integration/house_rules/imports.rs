//! Finds which file uses items of which other file, from the paths in the source text.
//!
//! A path is followed through `use` and `pub use` to the file that defines the item. Naming a module, declaring it and
//! re-exporting its items do not count as uses of it. A glob import counts as a use of the module that it names. Two
//! things are not found: methods of a value whose type is not named, and a function with the name of a child of its own
//! module.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// The names in a path: that of a module from the root of its crate, or one as written in the code.
type Names = Vec<String>;

/// The files that each file uses; all paths are relative to the root of the crate.
pub(super) type FileUses = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// Whether the unit tests of a crate are read as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tests {
    Included,
    LeftOut,
}

/// The uses among the files of the crate whose root (`lib.rs` or `main.rs`) is in this folder.
pub(super) fn file_uses(folder: &Path, tests: Tests) -> FileUses {
    let mut modules = Modules::default();
    for file in super::source_files(folder) {
        let below = file.strip_prefix(folder).unwrap();
        let is_code = below.extension().is_some_and(|extension| extension == "rs");
        if is_code && (tests == Tests::Included || !below.ends_with("tests.rs")) {
            let words = words(std::fs::read_to_string(&file).unwrap().parse().unwrap());
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            Reader { rest: &words, file: below, tests, modules: &mut modules }.module(module_of(below));
        }
    }
    modules.file_uses()
}

/// The first circle that is found: files of which each uses the next one, and the last one the first. `None` if there
/// is none.
pub(super) fn circle(uses: &FileUses) -> Option<Vec<PathBuf>> {
    // A file that uses none of the remaining files is in no circle.
    let mut left = uses.clone();
    while let Some(file) = left.iter().find(|(_, used)| !used.iter().any(|file| left.contains_key(file))) {
        let file = file.0.clone();
        left.remove(&file);
    }
    // Each remaining file uses another remaining one, so following the uses leads back to a file that was visited
    // before.
    let mut way = vec![left.keys().next()?.clone()];
    loop {
        let next = left[way.last()?].iter().find(|file| left.contains_key(*file))?;
        if let Some(start) = way.iter().position(|file| file == next) {
            return Some(way.split_off(start));
        }
        way.push(next.clone());
    }
}

fn module_of(file: &Path) -> Names {
    let mut names: Names = file.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// The tokens of some code as text, without comments and without the content of literals.
fn words(tokens: TokenStream) -> Names {
    let mut found: Names = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => found.push(name.to_string()),
            TokenTree::Literal(_) => found.push("\"\"".to_owned()),
            // `::` arrives as two tokens, and nothing else has two colons.
            TokenTree::Punct(sign) if sign.as_char() == ':' && found.last().is_some_and(|last| last == ":") => {
                found.last_mut().unwrap().push(':');
            }
            TokenTree::Punct(sign) => found.push(sign.as_char().to_string()),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    _ => ("(", ")"),
                };
                found.push(open.to_owned());
                found.extend(words(group.stream()));
                found.push(close.to_owned());
            }
        }
    }
    found
}

/// The contents of a module that matter here.
#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    /// The names that its `use` declarations give to paths.
    bindings: BTreeMap<String, Names>,
    /// The paths in its code, except those that it only re-exports.
    paths: Vec<Names>,
}

/// All modules of a crate, by their paths.
#[derive(Debug, Default)]
struct Modules(BTreeMap<Names, Module>);

impl Modules {
    fn file_uses(&self) -> FileUses {
        let mut uses = FileUses::new();
        for (name, module) in &self.0 {
            let files = module.paths.iter().filter_map(|path| self.definition(name, path, true));
            uses.entry(module.file.clone()).or_default().extend(files.filter(|file| *file != module.file));
        }
        uses
    }

    /// The file that defines the item that a path names in a module; `None` for a module and for items of other crates.
    fn definition(&self, module: &[String], path: &[String], is_start: bool) -> Option<PathBuf> {
        let (name, rest) = path.split_first()?;
        match name.as_str() {
            "crate" => return self.definition(&[], rest, false),
            "self" => return self.definition(module, rest, false),
            "super" => return self.definition(module.split_last()?.1, rest, false),
            _ => {}
        }
        let child = [module, std::slice::from_ref(name)].concat();
        let is_module = self.0.contains_key(&child);
        let known = self.0.get(module)?;
        // A name may mean a module and an item: at the end of a path it means the item.
        if let Some(bound) = known.bindings.get(name).filter(|_| rest.is_empty() || !is_module) {
            // A `use` may bind the name of another crate to itself.
            let is_ours = is_module || bound[0] != *name;
            return if is_ours { self.definition(module, &[bound, rest].concat(), true) } else { None };
        }
        match (is_module, is_start) {
            (true, _) => self.definition(&child, rest, false),
            (false, true) => None,
            (false, false) => Some(known.file.clone()),
        }
    }
}

/// Reads the tokens of a file.
struct Reader<'a> {
    rest: &'a [&'a str],
    file: &'a Path,
    tests: Tests,
    modules: &'a mut Modules,
}

impl Reader<'_> {
    /// Reads a module to the end of the file, or to its closing brace.
    fn module(&mut self, name: Names) {
        let mut module = Module { file: self.file.to_owned(), ..Module::default() };
        self.code(&name, &mut module);
        self.modules.0.insert(name, module);
    }

    fn code(&mut self, name: &[String], module: &mut Module) {
        let mut is_published = false;
        while let Some(word) = self.rest.first() {
            let was_published = std::mem::take(&mut is_published);
            match self.rest {
                ["}", ..] => return self.skip(1),
                ["{", ..] => {
                    self.skip(1);
                    self.code(name, module);
                }
                ["#", "[", "cfg", "(", "test", ")", "]", ..] if self.tests == Tests::LeftOut => self.skip_item(),
                ["mod", child, "{", ..] => {
                    let child = [name, &[(*child).to_owned()]].concat();
                    self.skip(3);
                    self.module(child);
                }
                // The name after these is a declaration or a field, not a path.
                ["mod" | "fn" | "." | "'", ..] => self.skip(2),
                ["pub", "(", "in", ..] => {
                    is_published = true;
                    self.skip(self.rest.iter().position(|word| *word == ")").unwrap() + 1);
                }
                ["pub", "(", ..] => {
                    is_published = true;
                    self.skip(4);
                }
                ["pub", ..] => {
                    is_published = true;
                    self.skip(1);
                }
                ["use", next, ..] if is_name(next) => {
                    self.skip(1);
                    for (path, name) in self.paths(&[]) {
                        if !was_published {
                            module.paths.push(path.clone());
                        }
                        module.bindings.insert(name, path);
                    }
                }
                _ if is_name(word) => module.paths.extend(self.paths(&[]).into_iter().map(|(path, _)| path)),
                _ => self.skip(1),
            }
        }
    }

    /// The paths that begin here (several if there are braces), each with the name that a `use` gives it.
    fn paths(&mut self, prefix: &[String]) -> Vec<(Names, String)> {
        let mut path = prefix.to_vec();
        loop {
            match self.rest {
                ["{", ..] => {
                    self.skip(1);
                    let mut paths = Vec::new();
                    while self.rest[0] != "}" {
                        paths.extend(self.paths(&path));
                        self.skip(usize::from(self.rest[0] == ","));
                    }
                    self.skip(1);
                    return paths;
                }
                [name, "::", next, ..] if is_name(next) || matches!(*next, "{" | "*") => {
                    path.push((*name).to_owned());
                    self.skip(2);
                }
                [name, "as", alias, ..] => {
                    path.push((*name).to_owned());
                    self.skip(3);
                    return vec![(path, (*alias).to_owned())];
                }
                [name, ..] => {
                    path.push((*name).to_owned());
                    self.skip(1);
                    let bound = path.iter().rev().find(|name| *name != "self").unwrap_or(&path[0]).clone();
                    return vec![(path, bound)];
                }
                [] => return Vec::new(),
            }
        }
    }

    /// Skips an item: to its semicolon, or to the end of its braces.
    fn skip_item(&mut self) {
        let mut depth = 0;
        while let Some(word) = self.rest.first() {
            depth += i32::from(matches!(*word, "{" | "[" | "(")) - i32::from(matches!(*word, "}" | "]" | ")"));
            let ends = depth == 0 && matches!(*word, "}" | ";");
            self.skip(1);
            if ends {
                return;
            }
        }
    }

    fn skip(&mut self, words: usize) {
        self.rest = &self.rest[words.min(self.rest.len())..];
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that `inner/user.rs` uses if it has this text.
    fn used(text: &str, tests: Tests) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("lib.rs", "mod inner; mod outer; pub struct Root;"),
            (
                "outer/mod.rs",
                "mod deep; mod run; pub use deep::{Deep as Renamed, Other}; pub(crate) use run::run; struct Own;",
            ),
            ("outer/deep.rs", "pub struct Deep; pub struct Other;"),
            ("outer/run.rs", "pub fn run() {}"),
            ("inner/mod.rs", "mod user; mod sibling; const HERE: u8 = 1;"),
            ("inner/sibling.rs", "pub fn act() {}"),
            ("inner/user.rs", text),
        ];
        for (file, text) in files {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let uses = file_uses(folder.path(), tests).remove(Path::new("inner/user.rs")).unwrap();
        uses.iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn a_path_leads_to_the_file_that_defines_its_item() {
        for (text, expected) in [
            ("use crate::outer::Renamed;", vec!["outer/deep.rs"]),
            (
                "use crate::{Root, outer::{self, Own, deep::{Other}}}; outer::run()",
                vec!["lib.rs", "outer/deep.rs", "outer/mod.rs", "outer/run.rs"],
            ),
            ("fn f() -> u8 { super::HERE }", vec!["inner/mod.rs"]),
            ("use super::sibling; fn f() { println!(\"{}\", sibling::act()) }", vec!["inner/sibling.rs"]),
            ("use super::super::outer as far; type T = Vec<far::Other>;", vec!["outer/deep.rs"]),
            ("use super::*;", vec!["inner/mod.rs"]),
            ("mod inline { use super::super::sibling::act; }", vec!["inner/sibling.rs"]),
            // Named or re-exported, but not used.
            ("use super::sibling; use crate::outer; mod outer_too;", vec![]),
            ("pub(crate) use super::sibling::act;", vec![]),
            ("pub use super::sibling::act; fn f() { act() }", vec!["inner/sibling.rs"]),
            // An item of another crate, or not a path.
            ("use std::outer::Own; fn sibling(x: X) { x.sibling::<u8>() /* super::HERE */ }", vec![]),
            ("#[cfg(test)] use super::HERE; #[cfg(test)] mod tests { use super::super::HERE; }", vec![]),
        ] {
            assert_eq!(used(text, Tests::LeftOut), expected, "{text}");
        }
        assert_eq!(used("#[cfg(test)] mod tests { use super::super::HERE; }", Tests::Included), ["inner/mod.rs"]);
    }

    #[test]
    fn a_circle_is_found_wherever_it_begins() {
        let uses = |uses: &[(&str, &str)]| {
            let mut found = FileUses::new();
            for (file, other) in uses {
                found.entry(other.into()).or_default();
                found.entry(file.into()).or_default().insert(other.into());
            }
            found
        };
        assert_eq!(circle(&uses(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])), None);
        let found = circle(&uses(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")])).unwrap();
        assert_eq!(found, ["b", "c", "d"].map(PathBuf::from));
    }
}
