//! nginx's configuration with the files that it includes, as the container sees them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::configuration::{Nginx, Source};
use super::reader::{Directive, directives};
use crate::deploy_check::files::compose::Service;
use crate::deploy_check::files::text::read_text;
use crate::deploy_check::files::view::{View, fits};
use crate::deploy_check::place::{Place, Problem};

/// The most files, and the deepest chain of includes.
const MOST: usize = 200;
const DEEPEST: usize = 16;

/// What the configuration of the image itself says, where only files of `conf.d` are put in.
const OF_THE_IMAGE: &str =
    "events { worker_connections 1024; } http { include /etc/nginx/mime.types; include /etc/nginx/conf.d/*.conf; }";

/// Lists of media types and of parameters, which come with nginx.
const HARMLESS: [&str; 7] =
    ["mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "koi-utf", "koi-win"];

/// Where the files of a configuration are looked for.
#[derive(Clone, Copy, Debug)]
enum Where<'a> {
    /// In a container, with the variables that its templates are filled with.
    Container(&'a View, &'a BTreeMap<String, String>),
    /// In this folder.
    Folder(&'a Path),
}

struct Loader<'a> {
    place: Where<'a>,
    /// The folder of the first file in its container, from which paths start.
    folder: String,
    sources: Vec<Source>,
    unseen: Vec<String>,
}

/// Reads a configuration from its first file. If that is a part that belongs into `http`, it is read as one.
fn load(main: Option<(&str, &Path)>, place: Where<'_>, service: Option<String>) -> Result<Option<Nginx>, Problem> {
    let folder = main.and_then(|(inside, _)| inside.rsplit_once('/')).map_or("/etc/nginx", |(folder, _)| folder);
    let mut loader = Loader { place, folder: folder.to_owned(), sources: Vec::new(), unseen: Vec::new() };
    let (path, text) = match main {
        Some((inside, path)) => {
            let text = read_text(path).map_err(|why| Problem::new(&Place::new(path, 0), why))?;
            let own = directives(path, &text)?;
            let is_whole = own.iter().any(|one| matches!(one.name.as_str(), "http" | "events" | "stream" | "mail"));
            let only_includes = own.iter().any(|one| one.name == "include")
                && own.iter().all(|one| !matches!(one.name.as_str(), "server" | "upstream"));
            if is_whole || own.is_empty() || only_includes {
                let directives = loader.taken(path, text, 0)?;
                return Ok(Some(loader.done(path.to_owned(), directives, service)));
            }
            let around = format!("events {{}} http {{ include {inside}; }}");
            (path.to_owned(), around)
        }
        None => (PathBuf::from("nginx.conf of the image"), OF_THE_IMAGE.to_owned()),
    };
    if main.is_none() && loader.found("/etc/nginx/conf.d/*.conf").is_empty() {
        return Ok(None);
    }
    let directives = loader.taken(Path::new("nginx.conf of the image"), text, 0)?;
    let shown = loader.sources.get(1).map_or(path, |source| source.path.clone());
    Ok(Some(loader.done(shown, directives, service)))
}

impl Nginx {
    /// Reads the configuration that a container sees; `None` if none of it is on this machine.
    pub(in crate::deploy_check::files) fn of_container(
        service: &Service,
        view: &View,
    ) -> Result<Option<Self>, Problem> {
        let words = service.words();
        let program = |word: &String| matches!(word.rsplit('/').next(), Some("nginx" | "openresty"));
        // Other programs have an option of this name, too.
        let is_nginx = ["nginx", "openresty"].iter().any(|name| service.image_name().contains(name));
        let option = words.iter().position(|word| word == "-c").filter(|_| is_nginx || words.iter().any(program));
        let named = option.and_then(|at| words.get(at + 1)).cloned();
        let usual = [
            "/etc/nginx/nginx.conf",
            "/usr/local/openresty/nginx/conf/nginx.conf",
            "/opt/bitnami/nginx/conf/nginx.conf",
        ];
        let candidates: Vec<&str> = named.as_deref().into_iter().chain(usual).collect();
        let main = candidates.iter().find_map(|inside| Some((*inside, view.file(inside)?)));
        let place = Where::Container(view, &service.environment);
        let main = main.as_ref().map(|(inside, path)| (*inside, path.as_path()));
        load(main, place, Some(service.name.clone()))
    }

    /// Reads a file with those that it includes, from its own folder.
    pub(in crate::deploy_check::files) fn of_file(path: &Path) -> Result<Self, Problem> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let inside = path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
        let whole = load(Some((&inside, path)), Where::Folder(folder), None)?;
        whole.ok_or_else(|| Problem::new(&Place::new(path, 0), "it is empty"))
    }
}

impl Loader<'_> {
    fn done(self, path: PathBuf, directives: Vec<Directive>, service: Option<String>) -> Nginx {
        Nginx { path, folder: self.folder, service, sources: self.sources, directives, unseen: self.unseen }
    }

    /// The directives of one file, with what they include in place.
    fn taken(&mut self, path: &Path, text: String, depth: usize) -> Result<Vec<Directive>, Problem> {
        if self.sources.len() >= MOST || depth > DEEPEST {
            return Err(Problem::new(&Place::new(path, 0), "files include each other without end"));
        }
        let own = directives(path, &text)?;
        self.sources.push(Source { path: path.to_owned(), text, directives: own.clone(), files: BTreeMap::new() });
        let at = self.sources.len() - 1;
        self.expanded(own, at, depth)
    }

    fn expanded(&mut self, own: Vec<Directive>, at: usize, depth: usize) -> Result<Vec<Directive>, Problem> {
        let mut whole = Vec::new();
        for mut directive in own {
            if directive.name == "include" {
                let pattern = directive.argument(0).to_owned();
                whole.extend(self.included(&pattern, at, directive.span.start, depth)?);
                // It stays in the list of its own file; in the whole, what it stands for takes its place.
                continue;
            }
            directive.block = self.expanded(std::mem::take(&mut directive.block), at, depth)?;
            whole.push(directive);
        }
        Ok(whole)
    }

    fn included(&mut self, pattern: &str, at: usize, position: usize, depth: usize) -> Result<Vec<Directive>, Problem> {
        if HARMLESS.iter().any(|known| pattern.ends_with(known)) {
            return Ok(Vec::new());
        }
        let found = self.found(pattern);
        // What is not here may be in the image.
        if found.is_empty() && !self.is_listed(pattern) {
            self.unseen.push(pattern.to_owned());
        }
        let mut whole = Vec::new();
        let mut files = Vec::new();
        for (_, path) in found {
            let text = read_text(&path).map_err(|why| Problem::new(&Place::new(&path, 0), why))?;
            let text = if is_template(&path) { self.filled(&text) } else { text };
            files.push(self.sources.len());
            whole.extend(self.taken(&path, text, depth + 1)?);
        }
        if let Some(source) = self.sources.get_mut(at) {
            source.files.insert(position, files);
        }
        Ok(whole)
    }

    /// Whether all files that a pattern names would be here, so that none is no mistake.
    fn is_listed(&self, pattern: &str) -> bool {
        let pattern = self.whole(pattern);
        let Some((folder, _)) = pattern.rsplit_once('/').filter(|(_, last)| last.contains('*')) else { return false };
        match self.place {
            Where::Container(view, _) => view.path(folder).is_some_and(|here| here.is_dir()),
            Where::Folder(_) => Path::new(folder).is_dir(),
        }
    }

    /// A path, or a pattern, from / on.
    fn whole(&self, path: &str) -> String {
        match self.place {
            Where::Container(..) if path.starts_with('/') => path.to_owned(),
            Where::Container(..) => format!("{}/{path}", self.folder),
            Where::Folder(folder) => folder.join(path.trim_start_matches("/etc/nginx/")).display().to_string(),
        }
    }

    /// The files that an include names: the path in the container, and here.
    fn found(&self, pattern: &str) -> Vec<(String, PathBuf)> {
        match self.place {
            Where::Container(view, _) => {
                let pattern = self.whole(pattern);
                let mut found = view.matching(&pattern);
                if let Some((folder, last)) = pattern.rsplit_once('/')
                    && folder == "/etc/nginx/conf.d"
                {
                    // The image fills templates and puts them there, each under its name without the ending.
                    for (name, path) in view.entries("/etc/nginx/templates") {
                        if let Some(name) = name.strip_suffix(".template").filter(|name| fits(last, name)) {
                            found.push((format!("{folder}/{name}"), path));
                        }
                    }
                }
                found
            }
            Where::Folder(_) => {
                let whole = PathBuf::from(self.whole(pattern));
                let (Some(last), Some(above)) =
                    (whole.file_name().map(|name| name.to_string_lossy().into_owned()), whole.parent())
                else {
                    return Vec::new();
                };
                if whole.is_file() {
                    return vec![(whole.display().to_string(), whole)];
                }
                let entries = std::fs::read_dir(above).into_iter().flatten().flatten().take(MOST);
                let fitting =
                    entries.filter(|entry| last.contains('*') && fits(&last, &entry.file_name().to_string_lossy()));
                let mut found: Vec<_> = fitting.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
                found.sort();
                found.into_iter().map(|path| (path.display().to_string(), path)).collect()
            }
        }
    }

    /// A template with the variables of the container put in, as `envsubst` does; nginx's own stay.
    fn filled(&self, text: &str) -> String {
        let Where::Container(_, variables) = self.place else { return text.to_owned() };
        let mut filled = text.to_owned();
        // The longest name first: $PORT must not take the beginning of $PORT_INNER.
        let mut names: Vec<_> = variables.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in names.into_iter().filter(|(name, _)| !name.is_empty()) {
            filled = filled.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
        }
        filled
    }
}

fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "template")
}
