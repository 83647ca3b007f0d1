//! What a part of the catalogue is.

/// Texts with their translations.
pub(super) type Room = &'static [(&'static str, &'static str)];
