//! The writes that a client may repeat with a key: what they are, and what they do in a transaction.

use super::{CatalogError, stocks};
use crate::db::{AnswerKind, DbError, RowId, RowWait, Session};
use crate::domain::{Fingerprint, NewProduct, NewUser, ProductId};

/// A write that a client may repeat with its key.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds a product, with an empty stock.
    AddProduct(NewProduct),
    /// Adds a user; an address that another user has is an error.
    AddUser(NewUser),
    /// Sets the number of pieces in stock.
    SetStock {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces in stock afterwards.
        quantity: u64,
    },
    /// Adds pieces to the stock, or takes some away.
    MoveStock {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces added; negative for pieces taken.
        change: i64,
    },
}

/// What a write has done, or had done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Number of the row that was added or changed.
    pub id: u64,
    /// Pieces in stock afterwards; 0 for other writes.
    pub quantity: u64,
    /// Whether an earlier request with the same key has done it.
    pub replayed: bool,
}

impl Change {
    pub(super) fn kind(&self) -> AnswerKind {
        match self {
            Self::AddProduct(_) => AnswerKind::ProductAdded,
            Self::AddUser(_) => AnswerKind::UserAdded,
            Self::SetStock { .. } => AnswerKind::StockSet,
            Self::MoveStock { .. } => AnswerKind::StockMoved,
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let of = Fingerprint::of_parts;
        match self {
            Self::AddProduct(new) => {
                of("product", &[new.name().as_bytes(), new.sku().as_bytes(), &new.price().get().to_le_bytes()])
            }
            Self::AddUser(new) => of("user", &[new.name().as_bytes(), new.email().as_bytes()]),
            Self::SetStock { product_id, quantity } => {
                of("stock", &[&product_id.get().to_le_bytes(), &quantity.to_le_bytes()])
            }
            Self::MoveStock { product_id, change } => {
                of("movement", &[&product_id.get().to_le_bytes(), &change.to_le_bytes()])
            }
        }
    }

    /// The rows that others may hold for long.
    pub(super) fn rows(&self) -> Vec<RowId> {
        match self {
            Self::AddProduct(_) | Self::AddUser(_) => Vec::new(),
            Self::SetStock { product_id, .. } | Self::MoveStock { product_id, .. } => vec![RowId::Product(*product_id)],
        }
    }

    /// Runs the statements of the write itself; returns what is answered.
    pub(super) async fn apply(&self, session: &mut Session, wait: RowWait) -> Result<(u64, u64), CatalogError> {
        match self {
            Self::AddProduct(new) => Ok((session.insert_product(new).await?.get(), 0)),
            Self::AddUser(new) => Ok((session.insert_user(new).await.map_err(unique)?.get(), 0)),
            Self::SetStock { product_id, quantity } => {
                stocks::set_to(session, *product_id, *quantity, wait).await?;
                Ok((product_id.get(), *quantity))
            }
            Self::MoveStock { product_id, change } => {
                Ok((product_id.get(), stocks::move_by(session, *product_id, *change, wait).await?))
            }
        }
    }
}

/// Translates a duplicate address; all other errors are failures of the database.
fn unique(error: DbError) -> CatalogError {
    match error {
        DbError::Duplicate(key) if key == "users_email" => CatalogError::DuplicateEmail,
        error => error.into(),
    }
}
