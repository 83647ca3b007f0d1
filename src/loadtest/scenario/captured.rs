//! What one user has captured in its journey: a slot for each name, whose memory is reused.

/// The most bytes of one captured value: a token has some hundreds, and each user keeps its own.
pub(super) const MOST_BYTES: usize = 16 << 10;

/// The values captured so far in a journey, by the number of their slot.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Captured(Vec<Slot>);

#[derive(Debug, Default)]
struct Slot {
    text: String,
    is_set: bool,
    is_text: bool,
}

impl Captured {
    /// Forgets everything: a new journey begins.
    pub(in crate::loadtest) fn clear(&mut self) {
        self.0.iter_mut().for_each(|slot| slot.is_set = false);
    }

    /// The value in a slot; None if nothing was captured.
    pub(super) fn get(&self, slot: usize) -> Option<&str> {
        self.0.get(slot).filter(|slot| slot.is_set).map(|slot| slot.text.as_str())
    }

    /// Whether the value of a slot is a text, which JSON has in quotes.
    pub(super) fn is_text(&self, slot: usize) -> bool {
        self.0.get(slot).is_none_or(|slot| slot.is_text)
    }

    /// Keeps a value. `is_text` says whether JSON has it in quotes.
    pub(super) fn set(&mut self, slot: usize, value: &str, is_text: bool) {
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, Slot::default);
        }
        let kept = &mut self.0[slot];
        kept.text.clear();
        kept.text.push_str(value);
        (kept.is_set, kept.is_text) = (true, is_text);
    }
}
