//! What the page shows at one moment, with the messages about it: each is written once, however many viewers are sent it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::body::Bytes;

use super::places::Places;

/// The page at one moment.
#[derive(Debug, Default)]
pub(super) struct Moment {
    /// How many there were before.
    number: u64,
    places: Places,
    /// The events that lead to it, by the moment that a viewer was shown before; None for one who was shown nothing.
    events: Mutex<BTreeMap<Option<u64>, Option<Bytes>>>,
}

impl Moment {
    /// The page after a change.
    pub(super) fn next(&self, change: impl FnOnce(&mut Places)) -> Self {
        let mut places = self.places.clone();
        change(&mut places);
        Self { number: self.number + 1, places, events: Mutex::default() }
    }

    /// What it shows.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// The event for a viewer who was shown the page at an earlier moment; None if nothing is new to him.
    pub(super) fn event(&self, before: Option<&Self>) -> Option<Bytes> {
        // Viewers who ask at the same time wait for the one who writes it.
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let written = events.entry(before.map(|before| before.number)).or_insert_with(|| {
            let message = self.places.message(before.map(|before| &before.places))?;
            // JSON has no line breaks outside of texts, and none inside.
            Some(Bytes::from(format!("data: {message}\n\n")))
        });
        written.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_who_were_shown_the_same_share_one_event() {
        let put = |text: &'static str| move |places: &mut Places| places.put([("facts".to_owned(), text)]);
        let first = Moment::default().next(put("1"));
        let second = first.next(put("2"));
        let [one, other] = [second.event(Some(&first)), second.event(Some(&first))].map(Option::unwrap);
        assert_eq!(&one[..], b"data: {\"places\":{\"facts\":\"2\"}}\n\n");
        assert_eq!(one.as_ptr(), other.as_ptr(), "it is written once");
        let [new, late] = [second.event(None), second.event(None)].map(Option::unwrap);
        assert!(new.starts_with(b"data: {\"state\"") && new.as_ptr() == late.as_ptr());
        assert_eq!(second.next(put("2")).event(Some(&second)), None, "nothing is new");
    }
}
