//! The stable codes of error answers, each with its status.

use serde::{Deserialize, Serialize};

/// Why a request was refused, for programs; the sentence beside it is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the body is not JSON.
    MalformedJson,
    /// 400: a header or a query parameter has a value it cannot have.
    InvalidParameter,
    /// 404: no such row.
    NotFound,
    /// 404: no such route.
    NoSuchRoute,
    /// 405: the route exists with other methods.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    RequestTimeout,
    /// 409: fewer pieces in stock than ordered.
    InsufficientStock,
    /// 409: another user has this address.
    DuplicateEmail,
    /// 409: the product stands in orders.
    ProductInUse,
    /// 409: the user has orders.
    UserInUse,
    /// 409: the first request with this idempotency key is still being worked on.
    RequestInProgress,
    /// 413: the body is larger than allowed.
    BodyTooLarge,
    /// 415: the body is not declared as JSON.
    UnsupportedMediaType,
    /// 422: JSON, but not of the shape this route takes.
    InvalidBody,
    /// 422: an order without items, or with too many.
    InvalidItems,
    /// 422: a quantity that is not a whole number in range.
    InvalidQuantity,
    /// 422: a product that does not exist.
    UnknownProduct,
    /// 422: a user who does not exist.
    UnknownUser,
    /// 422: a name, SKU, price or address that cannot be.
    InvalidValue,
    /// 422: the total passes what one order may cost.
    TotalTooLarge,
    /// 422: the idempotency key was used with another body.
    IdempotencyKeyReused,
    /// 500: a defect of the store.
    InternalError,
    /// 503: more work than can be done before the deadline.
    Overloaded,
    /// 503: the database cannot be reached.
    DatabaseUnavailable,
    /// 503: the instance is shutting down, or not ready yet.
    NotReady,
    /// 504: the database did not say whether the order was stored; repeating with the same idempotency key tells.
    OutcomeUnknown,
}

impl Code {
    /// Every code, in the order of their status.
    pub const ALL: &[Self] = &[
        Self::MalformedJson,
        Self::InvalidParameter,
        Self::NotFound,
        Self::NoSuchRoute,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::InsufficientStock,
        Self::DuplicateEmail,
        Self::ProductInUse,
        Self::UserInUse,
        Self::RequestInProgress,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidBody,
        Self::InvalidItems,
        Self::InvalidQuantity,
        Self::UnknownProduct,
        Self::UnknownUser,
        Self::InvalidValue,
        Self::TotalTooLarge,
        Self::IdempotencyKeyReused,
        Self::InternalError,
        Self::Overloaded,
        Self::DatabaseUnavailable,
        Self::NotReady,
        Self::OutcomeUnknown,
    ];

    /// The code as it stands in an answer's body and in the label of a metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::InvalidParameter => "invalid_parameter",
            Self::NotFound => "not_found",
            Self::NoSuchRoute => "no_such_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::InsufficientStock => "insufficient_stock",
            Self::DuplicateEmail => "duplicate_email",
            Self::ProductInUse => "product_in_use",
            Self::UserInUse => "user_in_use",
            Self::RequestInProgress => "request_in_progress",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::InvalidBody => "invalid_body",
            Self::InvalidItems => "invalid_items",
            Self::InvalidQuantity => "invalid_quantity",
            Self::UnknownProduct => "unknown_product",
            Self::UnknownUser => "unknown_user",
            Self::InvalidValue => "invalid_value",
            Self::TotalTooLarge => "total_too_large",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::InternalError => "internal_error",
            Self::Overloaded => "overloaded",
            Self::DatabaseUnavailable => "database_unavailable",
            Self::NotReady => "not_ready",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedJson | Self::InvalidParameter => 400,
            Self::NotFound | Self::NoSuchRoute => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::InsufficientStock
            | Self::DuplicateEmail
            | Self::ProductInUse
            | Self::UserInUse
            | Self::RequestInProgress => 409,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidBody
            | Self::InvalidItems
            | Self::InvalidQuantity
            | Self::UnknownProduct
            | Self::UnknownUser
            | Self::InvalidValue
            | Self::TotalTooLarge
            | Self::IdempotencyKeyReused => 422,
            Self::InternalError => 500,
            Self::Overloaded | Self::DatabaseUnavailable | Self::NotReady => 503,
            Self::OutcomeUnknown => 504,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_stands_in_the_body() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
