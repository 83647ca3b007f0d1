//! Values that another version may write in another way.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// Reads an optional field. A value that this version does not understand becomes None: whoever needs it says so, and whoever
/// does not can still read the rest of the file.
pub(super) fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
