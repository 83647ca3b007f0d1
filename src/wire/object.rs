//! Reads JSON objects by the names of their fields only.
//!
//! The code that serde derives for a struct also accepts an array with the fields in their order: `[7, 2]` would be two
//! pieces of product 7, and seven of product 2 if the fields ever changed places. No client means that.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a list, and refuses an entry that is not an object.
pub(super) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let entries = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|Object(entry)| entry).collect())
}

/// A value that must be an object on the wire.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// The visitor that passes an object's fields on, and refuses anything else.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Count, NewOrderBody};

    #[test]
    fn an_item_is_an_object_and_no_list_of_values() {
        let order = |items: &str| serde_json::from_str::<NewOrderBody>(&format!("{{\"user_id\":1,\"items\":{items}}}"));
        let read = order(r#"[{"quantity":2,"product_id":7},{"product_id":8,"quantity":1,"note":"x"}]"#).unwrap();
        assert_eq!(read.items.iter().map(|item| item.quantity).collect::<Vec<_>>(), [Count::Whole(2), Count::Whole(1)]);
        for items in ["[[7,2]]", "[7]", "[null]", r#"["7"]"#] {
            let error = order(items).unwrap_err();
            assert!(error.is_data() && error.to_string().contains("expected an object"), "{items}: {error}");
        }
        assert!(order(r#"[{"product_id":7}]"#).unwrap_err().to_string().contains("missing field `quantity`"));
        assert!(order("[]").unwrap().items.is_empty());
    }
}
