//! One compose file on top of another, by the rules of the compose specification.

use std::collections::BTreeSet;

use crate::deploy_check::files::yaml::{Content, Entry, Node};

/// Values of a service that replace those below them as a whole.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// Keys whose values are mappings, or lists of `NAME=value`.
const PAIRS: [&str; 7] =
    ["environment", "labels", "args", "sysctls", "annotations", "extra_hosts", "additional_contexts"];

/// Keys whose value may be one text in place of a list.
const ONE_OR_MORE: [&str; 4] = ["env_file", "dns", "dns_search", "tmpfs"];

/// The value with another one on top of it.
pub(super) fn merged(base: Node, over: Node, key: &str) -> Node {
    // A service may have one of these names, too.
    if over.tag == "override" || REPLACED.contains(&key) && !over.is_map() {
        return over;
    }
    if over.is_null() {
        return base;
    }
    let (base, over) = (alike(base, key), alike(over, key));
    match (base.content, over.content) {
        (Content::Map(below), Content::Map(above)) => {
            Node { content: Content::Map(maps(below, above)), place: base.place, tag: base.tag }
        }
        (Content::List(below), Content::List(above)) => {
            Node { content: Content::List(lists(below, above, key)), place: base.place, tag: base.tag }
        }
        (_, content) => Node { content, place: over.place, tag: over.tag },
    }
}

fn maps(mut below: Vec<Entry>, above: Vec<Entry>) -> Vec<Entry> {
    for entry in above {
        let at = below.iter().position(|old| old.key == entry.key);
        if entry.value.tag == "reset" {
            below.retain(|old| old.key != entry.key);
        } else if let Some(at) = at {
            let old = below.remove(at);
            let value = merged(old.value, entry.value, &entry.key);
            below.insert(at, Entry { value, ..entry });
        } else {
            below.push(entry);
        }
    }
    below
}

/// Both lists in order. What has the same place in the container, or is the same, stands once.
fn lists(below: Vec<Node>, above: Vec<Node>, key: &str) -> Vec<Node> {
    let replaced: BTreeSet<_> = above.iter().map(|item| identity(item, key)).collect();
    let kept = below.into_iter().filter(|item| !replaced.contains(&identity(item, key)));
    kept.collect::<Vec<_>>().into_iter().chain(above).collect()
}

/// By what an item of a list is told from the others: the target of a mount, otherwise all of it.
fn identity(item: &Node, key: &str) -> String {
    if let (Some(text), "volumes" | "devices") = (item.text(), key) {
        return text.split(':').nth(1).unwrap_or(text).to_owned();
    }
    if item.is_map() {
        let names =
            if key == "ports" { &["host_ip", "target", "published", "protocol"][..] } else { &["target", "source"] };
        let found: Vec<_> = names.iter().map(|name| item.field(name)).collect();
        let first = found.first().cloned().unwrap_or_default();
        return if key == "ports" || first.is_empty() { found.join(" ") } else { first };
    }
    item.string()
}

/// A list of `NAME=value` or of names as the mapping that means the same.
fn alike(node: Node, key: &str) -> Node {
    let place = node.place.clone();
    if key == "build" && node.text().is_some() {
        let entry = Entry { key: "context".to_owned(), place: place.clone(), value: node };
        return Node::of_map(&place, vec![entry]);
    }
    if ONE_OR_MORE.contains(&key) && node.text().is_some() {
        return Node { content: Content::List(vec![node]), place, tag: String::new() };
    }
    if !node.is_list() {
        return node;
    }
    let entry = |item: &Node| {
        let text = item.string();
        let (name, value) = if PAIRS.contains(&key) {
            let separator = if key == "extra_hosts" && !text.contains('=') { ':' } else { '=' };
            match text.split_once(separator) {
                Some((name, value)) => (name.to_owned(), with_written(item, separator, value)),
                None => (text, Node::null(&item.place)),
            }
        } else if key == "depends_on" {
            let condition = Node::of_text(&item.place, "service_started");
            let entry = Entry { key: "condition".to_owned(), place: item.place.clone(), value: condition };
            (text, Node::of_map(&item.place, vec![entry]))
        } else {
            (text, Node::null(&item.place))
        };
        Entry { key: name, place: item.place.clone(), value }
    };
    if PAIRS.contains(&key)
        || key == "depends_on"
        || (key == "networks" && node.list().iter().all(|one| one.text().is_some()))
    {
        let entries = node.list().iter().map(entry).collect();
        return Node::of_map(&place, entries);
    }
    node
}

/// The value after the separator, with what was written there before variables were replaced.
pub(super) fn with_written(item: &Node, separator: char, value: &str) -> Node {
    let mut node = Node::of_text(&item.place, value);
    if let (Content::Text(text), Some((_, written))) = (&mut node.content, item.written().split_once(separator)) {
        text.written = (written != value).then(|| written.to_owned());
    }
    node
}

/// The same for one file, so that all of a service is read in one form.
pub(super) fn normal(service: Node) -> Node {
    let Content::Map(entries) = service.content else { return service };
    let entries = entries.into_iter().map(|entry| Entry { value: alike(entry.value, &entry.key), ..entry }).collect();
    Node { content: Content::Map(entries), ..service }
}
