//! What the page shows: the places of the page with their markup, and in which state the run is.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

/// The state of a run, on which depends what can be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    /// No run is going on.
    #[default]
    Idle,
    /// A run is about to start.
    Starting,
    /// Requests are sent.
    Running,
    /// No request and no journey is begun until the run goes on.
    Paused,
    /// The page shows what was, and nothing more will happen.
    Ended,
}

/// What the page says about the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// The load that was asked for, as the form shows it.
    pub(super) level: String,
    /// What is steered: `users` or `rate`.
    pub(super) kind: &'static str,
}

/// Everything that the page shows at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) state: State,
    /// The markup of each place, by its id.
    pub(super) markup: BTreeMap<String, Arc<str>>,
    /// The files of the run, by name, when the process is about to end and nobody will serve them.
    pub(super) files: BTreeMap<String, Arc<str>>,
}

/// What a viewer is sent.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a State>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<&'a str, &'a str>,
}

impl Places {
    /// Puts markup into places. What is the same as before stays the same, so that it is not sent again.
    pub(super) fn put<Text: AsRef<str> + Into<Arc<str>>>(&mut self, markup: impl IntoIterator<Item = (String, Text)>) {
        for (id, text) in markup {
            let known = self.markup.get(&id).is_some_and(|before| **before == *text.as_ref());
            if !known {
                self.markup.insert(id, text.into());
            }
        }
    }

    /// Takes over a run that was drawn aside, which takes a while. Whatever else was put or said meanwhile stays; so do the
    /// state and what is said of it, if it has moved on.
    pub(super) fn take_over(&mut self, drawn: Self, has_moved_on: bool) {
        let Self { state, mut markup, files } = drawn;
        if has_moved_on {
            markup.remove("status");
        } else {
            self.state = state;
        }
        self.put(markup);
        self.files.extend(files);
    }

    /// The message for a viewer who was shown `before`; None if there is nothing new.
    pub(super) fn message(&self, before: Option<&Self>) -> Option<String> {
        let state = before.is_none_or(|before| before.state != self.state).then_some(&self.state);
        let shown = |id: &String| before.and_then(|before| before.markup.get(id));
        let news = self.markup.iter().filter(|(id, text)| shown(id).is_none_or(|before| !Arc::ptr_eq(before, text)));
        let places: BTreeMap<_, _> = news.map(|(id, text)| (id.as_str(), &**text)).collect();
        let files: BTreeMap<_, _> = self.files.iter().map(|(name, text)| (name.as_str(), &**text)).collect();
        if state.is_none() && places.is_empty() && files.is_empty() {
            return None;
        }
        serde_json::to_string(&Message { state, places, files }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_is_sent_what_is_new_to_him() {
        let put = |places: &mut Places, id: &str, text: &str| places.put([(id.to_owned(), text.to_owned())]);
        let mut first = Places::default();
        put(&mut first, "facts", "<p>1</p>");
        put(&mut first, "levels", "");
        let all = first.message(None).unwrap();
        assert_eq!(all, r#"{"state":{"phase":"idle","level":"","kind":""},"places":{"facts":"<p>1</p>","levels":""}}"#);
        let mut second = first.clone();
        put(&mut second, "facts", "<p>1</p>");
        assert_eq!(second.message(Some(&first)), None);
        put(&mut second, "facts", "<p>2</p>");
        assert_eq!(second.message(Some(&first)).unwrap(), r#"{"places":{"facts":"<p>2</p>"}}"#);
        // What was drawn of a run that has ended meanwhile says nothing about the one that starts.
        let (mut starting, mut drawn) = (first.clone(), Places::default());
        starting.state.phase = Phase::Starting;
        put(&mut starting, "start-form", "<p>3</p>");
        put(&mut drawn, "facts", "<p>2</p>");
        put(&mut drawn, "status", "running");
        starting.take_over(drawn, true);
        assert!(!starting.markup.contains_key("status"));
        assert_eq!(starting.state.phase, Phase::Starting);
        assert_eq!((&*starting.markup["facts"], &*starting.markup["start-form"]), ("<p>2</p>", "<p>3</p>"));
        second.state.phase = Phase::Paused;
        assert!(second.message(Some(&first)).unwrap().contains(r#""phase":"paused""#));
    }
}
