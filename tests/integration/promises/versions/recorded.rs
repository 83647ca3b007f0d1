//! What the first version wrote is read by this one.
