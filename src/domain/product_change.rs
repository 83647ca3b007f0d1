//! A change of a product, and the state that the client has seen before it.

use sha2::{Digest, Sha256};

use super::{Cents, InvalidProduct, NewProduct, Product};

impl Product {
    /// The state of the product in 32 hexadecimal digits: equal for equal contents, whoever stored them.
    pub fn state(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.id.get().to_le_bytes());
        hash.update(self.price.get().to_le_bytes());
        // A name and a SKU have no zero byte, because they have no control characters.
        hash.update(self.name.as_bytes());
        hash.update([0]);
        hash.update(self.sku.as_bytes());
        hex::encode(&hash.finalize()[..16])
    }
}

/// A new name, a new price, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductChange {
    name: Option<String>,
    price: Option<Cents>,
}

impl ProductChange {
    /// Checks the values that are given.
    pub fn new(name: Option<&str>, price: Option<Cents>) -> Result<Self, InvalidProduct> {
        if name.is_none() && price.is_none() {
            return Err(InvalidProduct::NoChange);
        }
        // The rules are those for a new product; what is not given is replaced by what is valid.
        let checked = NewProduct::new(name.unwrap_or("-"), "-", price.unwrap_or_default())?;
        Ok(Self { name: name.map(|_| checked.name().to_owned()), price })
    }

    /// The product after the change.
    pub fn apply(&self, product: Product) -> Product {
        Product {
            name: self.name.clone().unwrap_or(product.name),
            price: self.price.unwrap_or(product.price),
            ..product
        }
    }
}

/// The states of a product in which a change may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedState {
    /// Any, if the product exists.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

impl ExpectedState {
    /// Whether the product is in such a state.
    pub fn is_met_by(&self, product: &Product) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(states) => states.contains(&product.state()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProductId;

    fn product(name: &str, sku: &str, cents: u64) -> Product {
        Product { id: ProductId::new(7), name: name.to_owned(), sku: sku.to_owned(), price: Cents::new(cents) }
    }

    #[test]
    fn each_part_of_a_product_is_part_of_its_state() {
        let one = product("ab", "c", 100);
        assert_eq!(one.state(), product("ab", "c", 100).state());
        let other_id = Product { id: ProductId::new(8), ..one.clone() };
        for other in [product("a", "bc", 100), product("ab", "d", 100), product("ab", "c", 101), other_id] {
            assert_ne!(one.state(), other.state(), "{other:?}");
        }
        assert!(ExpectedState::OneOf(vec![String::new(), one.state()]).is_met_by(&one));
        assert!(!ExpectedState::OneOf(vec![one.state()]).is_met_by(&product("x", "c", 100)));
        assert!(ExpectedState::Any.is_met_by(&one));
    }

    #[test]
    fn a_change_has_something_valid_and_leaves_the_rest() {
        assert_eq!(ProductChange::new(None, None), Err(InvalidProduct::NoChange));
        assert_eq!(ProductChange::new(Some("a\n"), None), Err(InvalidProduct::Name));
        assert_eq!(ProductChange::new(None, Some(Cents::new(u64::MAX))), Err(InvalidProduct::Price));
        let named = ProductChange::new(Some(" Lamp "), None).unwrap().apply(product("x", "s", 5));
        assert_eq!(named, product("Lamp", "s", 5));
        let priced = ProductChange::new(None, Some(Cents::new(0))).unwrap().apply(product("x", "s", 5));
        assert_eq!(priced, product("x", "s", 0));
    }
}
