//! YAML with the line of every value, anchors written out and merges applied.
//!
//! Limited in depth and in the number of values, so that a file of nested aliases ends with a sentence.

use std::collections::HashMap;
use std::path::Path;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::deploy_check::place::{Place, Problem};

/// The deepest nesting. Files of deployments have some ten levels.
const DEEPEST: usize = 64;

/// The most values of a file, with every alias written out.
const MOST: usize = 200_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Node {
    pub(in crate::deploy_check) place: Place,
    /// The tag as it is written, such as `reset` for `!reset`; empty for none.
    pub(super) tag: String,
    pub(in crate::deploy_check) content: Content,
}

#[derive(Clone, Debug)]
pub(in crate::deploy_check) enum Content {
    Null,
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A scalar.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Text {
    pub(in crate::deploy_check) value: String,
    /// As it was written, before variables were replaced; `None` if nothing was.
    pub(in crate::deploy_check) written: Option<String>,
    /// Without quotes, so that it may be a number or a truth value.
    pub(in crate::deploy_check) plain: bool,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Entry {
    pub(in crate::deploy_check) key: String,
    pub(in crate::deploy_check) place: Place,
    pub(in crate::deploy_check) value: Node,
}

/// What a file says: its documents, and the keys that stand twice.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) nodes: Vec<Node>,
    pub(super) twice: Vec<Problem>,
}

impl Node {
    pub(in crate::deploy_check) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The value at a path of keys.
    pub(in crate::deploy_check) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar; `None` for anything else.
    pub(in crate::deploy_check) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(&text.value),
            _ => None,
        }
    }

    /// The text of a scalar; empty for anything else.
    pub(in crate::deploy_check) fn string(&self) -> String {
        self.text().unwrap_or_default().to_owned()
    }

    /// The text of the scalar under a key; empty if there is none.
    pub(in crate::deploy_check) fn field(&self, key: &str) -> String {
        self.get(key).map(Self::string).unwrap_or_default()
    }

    /// The text as it was written, before variables were replaced.
    pub(in crate::deploy_check) fn written(&self) -> &str {
        match &self.content {
            Content::Text(text) => text.written.as_deref().unwrap_or(&text.value),
            _ => "",
        }
    }

    pub(in crate::deploy_check) fn list(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    pub(in crate::deploy_check) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The texts of a list, or a single text as a list of one.
    pub(in crate::deploy_check) fn texts(&self) -> Vec<String> {
        match &self.content {
            Content::List(items) => items.iter().map(Self::string).collect(),
            Content::Text(text) if !text.value.is_empty() => vec![text.value.clone()],
            _ => Vec::new(),
        }
    }

    pub(in crate::deploy_check) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    pub(in crate::deploy_check) fn is_map(&self) -> bool {
        matches!(self.content, Content::Map(_))
    }

    pub(in crate::deploy_check) fn is_list(&self) -> bool {
        matches!(self.content, Content::List(_))
    }

    /// Whether it is a text that stands for true.
    pub(in crate::deploy_check) fn is_true(&self) -> bool {
        self.text().is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"))
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    pub(super) fn of_text(place: &Place, value: &str) -> Self {
        let text = Text { value: value.to_owned(), written: None, plain: false };
        Self { place: place.clone(), tag: String::new(), content: Content::Text(text) }
    }

    pub(super) fn of_map(place: &Place, entries: Vec<Entry>) -> Self {
        Self { place: place.clone(), tag: String::new(), content: Content::Map(entries) }
    }

    pub(super) fn null(place: &Place) -> Self {
        Self { place: place.clone(), tag: String::new(), content: Content::Null }
    }
}

/// The one document of a file; an empty mapping for an empty file.
pub(super) fn document(path: &Path, text: &str) -> Result<Node, Problem> {
    let documents = documents(path, text)?;
    if let Some(problem) = documents.twice.into_iter().next() {
        return Err(problem);
    }
    let none = || Node::of_map(&Place::new(path, 1), Vec::new());
    Ok(documents.nodes.into_iter().find(|node| !node.is_null()).unwrap_or_else(none))
}

/// All documents of a file.
pub(super) fn documents(path: &Path, text: &str) -> Result<Documents, Problem> {
    let read = read(path, text);
    if read.is_err() && text.contains('\t') {
        // Compose takes a tab for the space after a colon or a dash; the parser here is stricter.
        return self::read(path, &text.replace(":\t", ": ").replace("-\t", "- ")).or(read);
    }
    read
}

fn read(path: &Path, text: &str) -> Result<Documents, Problem> {
    let place = Place::new(path, 1);
    let (open, anchors) = (Vec::new(), HashMap::new());
    let mut reader = Reader { place: place.clone(), open, anchors, count: 0, twice: Vec::new(), done: Vec::new() };
    for step in Parser::new_from_str(text) {
        let (event, span) = step.map_err(|error| {
            Problem::new(&place.at(error.marker().line()), format!("it is not YAML: {}", error.info()))
        })?;
        reader.take(event, span.start.line())?;
    }
    Ok(Documents { nodes: reader.done, twice: reader.twice })
}

/// A list or a mapping whose end was not reached yet.
struct Open {
    anchor: usize,
    /// The number of values so far.
    size: usize,
    node: Node,
    key: Option<(String, Place)>,
    /// Where each key of a mapping is.
    index: HashMap<String, usize>,
}

struct Reader {
    place: Place,
    open: Vec<Open>,
    /// Each value with an anchor, and how many values are in it.
    anchors: HashMap<usize, (Node, usize)>,
    count: usize,
    twice: Vec<Problem>,
    done: Vec<Node>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Problem> {
        let place = self.place.at(line);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*value, "" | "~" | "null" | "Null" | "NULL");
                let text = Text { value: value.into_owned(), written: None, plain };
                let content = if null { Content::Null } else { Content::Text(text) };
                let tag = tag.map(|tag| tag.suffix.clone()).unwrap_or_default();
                self.close(Node { place, tag, content }, 1, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = tag.map(|tag| tag.suffix.clone()).unwrap_or_default();
                self.begin(Node { place, tag, content: Content::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                let tag = tag.map(|tag| tag.suffix.clone()).unwrap_or_default();
                self.begin(Node { place, tag, content: Content::Map(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node, open.size, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some((node, size)) => self.close(node, size, 0),
                None => Err(Problem::new(&place, "an anchor stands within itself")),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if self.open.len() >= DEEPEST {
            return Err(Problem::new(&node.place, format!("it is nested deeper than {DEEPEST} levels")));
        }
        self.open.push(Open { anchor, size: 1, node, key: None, index: HashMap::new() });
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn close(&mut self, node: Node, size: usize, anchor: usize) -> Result<(), Problem> {
        self.count += size;
        if self.count > MOST {
            let says = format!("it has more than {MOST} values when its aliases are written out");
            return Err(Problem::new(&node.place, says));
        }
        if anchor > 0 {
            // The copy takes memory, too.
            self.count += size;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.done.push(node);
            return Ok(());
        };
        open.size += size;
        match &mut open.node.content {
            Content::List(items) => items.push(node),
            Content::Map(entries) => match open.key.take() {
                None => open.key = Some((node.string(), node.place)),
                Some((key, place)) if key == "<<" => merge(entries, &mut open.index, &node, &place)?,
                Some((key, place)) => {
                    let entry = Entry { key, place, value: node };
                    self.twice.extend(insert(entries, &mut open.index, entry));
                }
            },
            Content::Null | Content::Text(_) => {}
        }
        Ok(())
    }
}

/// The line of an entry that came by a merge is kept; this mark says that a key of the mapping itself replaces it.
const MERGED: &str = "\u{0}merged";

fn insert(entries: &mut Vec<Entry>, index: &mut HashMap<String, usize>, mut entry: Entry) -> Option<Problem> {
    let Some(old) = index.get(&entry.key).and_then(|at| entries.get_mut(*at)) else {
        index.insert(entry.key.clone(), entries.len());
        entries.push(entry);
        return None;
    };
    let merged = old.value.tag == MERGED;
    let problem = Problem::new(&entry.place, format!("the key {} stands twice", entry.key));
    std::mem::swap(old, &mut entry);
    (!merged).then_some(problem)
}

/// Adds the entries of a mapping, or of a list of mappings, that are not there yet. What comes first counts.
fn merge(
    entries: &mut Vec<Entry>,
    index: &mut HashMap<String, usize>,
    from: &Node,
    place: &Place,
) -> Result<(), Problem> {
    let sources: Vec<&Node> = match &from.content {
        Content::Map(_) => vec![from],
        Content::List(items) => items.iter().collect(),
        Content::Null => Vec::new(),
        Content::Text(_) => return Err(Problem::new(place, "<< takes a mapping")),
    };
    for source in sources {
        for entry in source.entries() {
            if !index.contains_key(&entry.key) {
                index.insert(entry.key.clone(), entries.len());
                let mut entry = entry.clone();
                if entry.value.tag.is_empty() {
                    MERGED.clone_into(&mut entry.value.tag);
                }
                entries.push(entry);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        document(Path::new("a.yml"), text).unwrap()
    }

    fn refused(text: &str) -> String {
        document(Path::new("a.yml"), text).unwrap_err().to_string()
    }

    #[test]
    fn merges_of_merges_and_lists_of_merges_are_written_out() {
        let text = "a: &a {k: 1, l: 1}\nb: &b {<<: *a, l: 2}\nc: &c {m: 3, k: 9}\nd: {<<: [*b, *c], m: 4}\n";
        let node = read(text);
        let values: Vec<_> =
            node.get("d").unwrap().entries().iter().map(|one| (one.key.as_str(), one.value.string())).collect();
        assert_eq!(values, [("k", "1".to_owned()), ("l", "2".to_owned()), ("m", "4".to_owned())]);
        assert_eq!(node.at(&["d", "m"]).unwrap().place.line, 4);
        assert_eq!(node.at(&["d", "k"]).unwrap().place.line, 1);
    }

    #[test]
    fn what_has_no_bounds_ends_with_a_sentence() {
        assert!(!refused(&"[".repeat(50_000)).is_empty());
        assert!(refused(&"- ".repeat(100)).contains("nested deeper"));
        assert!(refused("a: &a [*a]").contains("within itself") || refused("a: &a [*a]").contains("not YAML"));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(10);
            bomb.extend([format!("a{level}: &a{level} [{before}]\n")]);
        }
        assert!(refused(&bomb).contains("written out"));
        assert!(refused("a: 1\nb: 2\na: 3\n").starts_with("a.yml:3: the key a stands twice"));
    }
}
