//! How many fields a query has once its fragments are put in.
//!
//! A fragment that uses the next one twice, and so on, has a thousand million fields after thirty of them, in a text of one
//! kilobyte. The checks of the library put fragments in as they go, so they would never end.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// The number of fields, fragments included; the largest number if a fragment contains itself.
pub(super) fn fields(document: &ExecutableDocument) -> usize {
    let mut counted = Counted { document, known: HashMap::new() };
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let mut total = 0_usize;
    for set in operations {
        total = total.saturating_add(counted.set(set));
    }
    // Those that no operation uses are checked all the same.
    for name in document.fragments.keys() {
        total = total.saturating_add(counted.fragment(name.as_str()));
    }
    total
}

struct Counted<'a> {
    document: &'a ExecutableDocument,
    /// The fields of each fragment; `None` while it is being counted.
    known: HashMap<&'a str, Option<usize>>,
}

impl<'a> Counted<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> usize {
        let mut total = 0_usize;
        for item in &set.items {
            total = total.saturating_add(match &item.node {
                Selection::Field(field) => self.set(&field.node.selection_set.node).saturating_add(1),
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node).saturating_add(1),
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str()),
            });
        }
        total
    }

    fn fragment(&mut self, name: &'a str) -> usize {
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or(usize::MAX);
        }
        // A name that is not there is for the library to report.
        let Some((key, fragment)) = self.document.fragments.iter().find(|(key, _)| key.as_str() == name) else {
            return 1;
        };
        self.known.insert(key.as_str(), None);
        let total = self.set(&fragment.node.selection_set.node).saturating_add(1);
        self.known.insert(key.as_str(), Some(total));
        total
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn counted(query: &str) -> usize {
        fields(&parse_query(query).unwrap())
    }

    #[test]
    fn fragments_count_as_often_as_they_are_used() {
        assert_eq!(counted("{a b{c d}}"), 4);
        assert_eq!(counted("{a ... on Q{b}}"), 3);
        // Used twice, and counted once more by itself; each fragment is one, too.
        assert_eq!(counted("{a{...f} b{...f}} fragment f on P{c d}"), 2 + 3 + 3 + 3);
        assert_eq!(counted("{...absent}"), 1);
    }

    #[test]
    fn fragments_that_double_are_counted_and_not_put_in() {
        let fragment = |number: usize| format!("fragment f{number} on Q{{...f{0} ...f{0}}}", number + 1);
        let fragments: String = (0..200).map(fragment).collect();
        let query = format!("{{...f0}} {fragments} fragment f200 on Q{{a}}");
        assert_eq!(counted(&query), usize::MAX);
        assert_eq!(counted("{...a} fragment a on Q{...b} fragment b on Q{...a}"), usize::MAX);
    }
}
