//! The refusal of a request: a code for programs, which determines the status, and a sentence for people.
//!
//! This is the only type that knows both the internal failure and the public answer. An answer never shows SQL, a host
//! name or a password; `request_log.rs` logs the hidden details. `reply::refused` turns the error into an answer.

use std::fmt;

use hyper::header::{HeaderName, HeaderValue};

use crate::catalog::CatalogError;
use crate::db::DbError;
use crate::domain::{InvalidOrder, InvalidProduct, InvalidUser};
use crate::orders::OrderError;
use crate::read_models::ReportError;
use crate::wire::Code;

/// The reason why a request was refused.
#[derive(Debug)]
pub(super) struct ApiError {
    /// The code for programs; it determines the status.
    pub(super) code: Code,
    /// The public sentence for people.
    pub(super) sentence: String,
    /// Details for the log that the client must not see.
    hidden: Option<String>,
    /// A header of the answer: the methods of the route, or what a token needs.
    pub(super) header: Option<Box<(HeaderName, HeaderValue)>>,
    /// Whether the body says `"deleted": false`, as the answer to a DELETE does.
    pub(super) says_deleted: bool,
}

impl ApiError {
    pub(super) fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into(), hidden: None, header: None, says_deleted: false }
    }

    fn hiding(mut self, error: &dyn fmt::Display) -> Self {
        self.hidden = Some(error.to_string());
        self
    }

    /// Adds a header to the answer.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Adds `"deleted": false` to the body.
    pub(super) fn with_deleted(mut self) -> Self {
        self.says_deleted = true;
        self
    }

    /// The reason for the log: the hidden details if there are any.
    pub(super) fn reason(&self) -> &str {
        self.hidden.as_deref().unwrap_or(&self.sentence)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl From<&DbError> for ApiError {
    fn from(error: &DbError) -> Self {
        let unavailable = |sentence: &str| Self::new(Code::DatabaseUnavailable, sentence);
        let public = match error {
            // This is how the original failed. It has its own sentence because the lab looks for it.
            DbError::TooManyConnections => {
                unavailable("the database refused a connection: Too many connections (1040)")
            }
            DbError::Unreachable(_) | DbError::Refused(_) => unavailable("the database cannot be reached"),
            DbError::Unavailable { .. } => unavailable("the database does not take this now; nothing was stored"),
            DbError::WrongSetup { .. } => unavailable("the database is not set up for the store; nothing was stored"),
            DbError::Lost => unavailable("the connection to the database broke; nothing was stored"),
            DbError::TimedOut { .. } | DbError::StatementLimit { .. } => {
                unavailable("the database did not answer in time; nothing was stored")
            }
            DbError::PoolTimeout { .. } => {
                Self::new(Code::Overloaded, "no database connection became free in time: try again in a moment")
            }
            DbError::Deadlock | DbError::LockTimeout => {
                Self::new(Code::Overloaded, "other requests hold the same rows: try again in a moment")
            }
            DbError::CommitUnknown => Self::new(
                Code::OutcomeUnknown,
                "the database did not say whether this was stored: look before you repeat it",
            ),
            DbError::SchemaMissing(_) => {
                Self::new(Code::NotReady, "the database schema is not up to date: run `storemgr migrate`")
            }
            DbError::Data { .. } => Self::new(Code::InvalidValue, "a value is out of the range that can be stored"),
            DbError::Duplicate(_) | DbError::NoSuchSession | DbError::Defect { .. } | DbError::Unexpected(_) => {
                Self::new(Code::InternalError, "the store has a defect: please report it")
            }
        };
        public.hiding(error)
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::from(&error)
    }
}

impl From<OrderError> for ApiError {
    fn from(error: OrderError) -> Self {
        let code = match &error {
            OrderError::InsufficientStock { .. } => Code::InsufficientStock,
            OrderError::UnknownProduct(_) => Code::UnknownProduct,
            OrderError::UnknownUser(_) => Code::UnknownUser,
            OrderError::TotalTooLarge(_) | OrderError::UserTotalTooLarge(_) => Code::TotalTooLarge,
            OrderError::KeyReused(_) => Code::IdempotencyKeyReused,
            OrderError::InProgress => Code::RequestInProgress,
            OrderError::Overloaded | OrderError::RowsHeld => Code::Overloaded,
            OrderError::OutcomeUnknown => Code::OutcomeUnknown,
            OrderError::Database(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let code = match &error {
            CatalogError::DuplicateEmail => Code::DuplicateEmail,
            CatalogError::ProductInUse => Code::ProductInUse,
            CatalogError::UserInUse => Code::UserInUse,
            CatalogError::UnknownProduct(_) => Code::UnknownProduct,
            CatalogError::NoSuchProduct(_) => Code::NotFound,
            CatalogError::ProductChanged(_) => Code::PreconditionFailed,
            CatalogError::InsufficientStock { .. } => Code::InsufficientStock,
            CatalogError::TooManyPieces { .. } | CatalogError::StockTooLarge(_) => Code::InvalidQuantity,
            CatalogError::KeyReused(_) => Code::IdempotencyKeyReused,
            CatalogError::InProgress => Code::RequestInProgress,
            CatalogError::Database(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Database(error) => error.as_ref().into(),
            ReportError::Abandoned => {
                Self::new(Code::InternalError, "the store has a defect: please report it").hiding(&error)
            }
        }
    }
}

impl From<InvalidOrder> for ApiError {
    fn from(error: InvalidOrder) -> Self {
        let code = match &error {
            InvalidOrder::Empty | InvalidOrder::TooManyLines(_) => Code::InvalidItems,
            InvalidOrder::Quantity(_) => Code::InvalidQuantity,
        };
        Self::new(code, error.to_string())
    }
}

impl From<InvalidProduct> for ApiError {
    fn from(error: InvalidProduct) -> Self {
        Self::new(Code::InvalidValue, error.to_string())
    }
}

impl From<InvalidUser> for ApiError {
    fn from(error: InvalidUser) -> Self {
        Self::new(Code::InvalidValue, error.to_string())
    }
}
