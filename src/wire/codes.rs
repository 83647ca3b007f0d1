//! The stable codes of error answers, each with its HTTP status.

use serde::{Deserialize, Serialize};

/// The reason why a request was refused, for programs. The sentence beside it in the body is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the body of the request is not JSON.
    MalformedJson,
    /// 400: a header or a query parameter has an invalid value.
    InvalidParameter,
    /// 401: the request has no valid token.
    Unauthorized,
    /// 403: the token does not have the scope that this request needs.
    Forbidden,
    /// 404: the row in the path does not exist.
    NotFound,
    /// 404: no route has this path.
    NoSuchRoute,
    /// 405: the path exists, but not with this method.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    RequestTimeout,
    /// 409: fewer pieces in stock than ordered.
    InsufficientStock,
    /// 409: another user has this e-mail address.
    DuplicateEmail,
    /// 409: the product is part of stored orders, so it cannot be deleted.
    ProductInUse,
    /// 409: the user has orders, so it cannot be deleted.
    UserInUse,
    /// 409: the first request with this idempotency key is still being worked on.
    RequestInProgress,
    /// 412: the product has changed since the client read it.
    PreconditionFailed,
    /// 413: the body is larger than the limit.
    BodyTooLarge,
    /// 415: the header `Content-Type` does not say JSON.
    UnsupportedMediaType,
    /// 422: the body is JSON, but does not have the fields that this route takes.
    InvalidBody,
    /// 422: the order has no items, or too many.
    InvalidItems,
    /// 422: a quantity is not a whole number in its range.
    InvalidQuantity,
    /// 422: a product in the body does not exist.
    UnknownProduct,
    /// 422: the user in the body does not exist.
    UnknownUser,
    /// 422: a name, SKU, price or e-mail address is not valid.
    InvalidValue,
    /// 422: the total is above the limit for one order.
    TotalTooLarge,
    /// 422: the idempotency key was used before with another body.
    IdempotencyKeyReused,
    /// 428: the request has no `If-Match`, without which a change of somebody else could be lost.
    PreconditionRequired,
    /// 500: the store itself has a defect.
    InternalError,
    /// 503: there is more work than can be done before the deadline.
    Overloaded,
    /// 503: the database cannot be reached, or does not answer in time.
    DatabaseUnavailable,
    /// 503: the instance is shutting down, or not ready yet.
    NotReady,
    /// 504: the database was lost before it confirmed the commit, so the order may be stored or not. A repeat of the
    /// request with the same idempotency key shows which.
    OutcomeUnknown,
}

impl Code {
    /// Every code, sorted by status.
    pub const ALL: &[Self] = &[
        Self::MalformedJson,
        Self::InvalidParameter,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::NoSuchRoute,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::InsufficientStock,
        Self::DuplicateEmail,
        Self::ProductInUse,
        Self::UserInUse,
        Self::RequestInProgress,
        Self::PreconditionFailed,
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
        Self::PreconditionRequired,
        Self::InternalError,
        Self::Overloaded,
        Self::DatabaseUnavailable,
        Self::NotReady,
        Self::OutcomeUnknown,
    ];

    /// The code in `snake_case`, as in an answer's body and in the label of a metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::InvalidParameter => "invalid_parameter",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NoSuchRoute => "no_such_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::InsufficientStock => "insufficient_stock",
            Self::DuplicateEmail => "duplicate_email",
            Self::ProductInUse => "product_in_use",
            Self::UserInUse => "user_in_use",
            Self::RequestInProgress => "request_in_progress",
            Self::PreconditionFailed => "precondition_failed",
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
            Self::PreconditionRequired => "precondition_required",
            Self::InternalError => "internal_error",
            Self::Overloaded => "overloaded",
            Self::DatabaseUnavailable => "database_unavailable",
            Self::NotReady => "not_ready",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }

    /// The HTTP status of an answer with this code.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedJson | Self::InvalidParameter => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::NoSuchRoute => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::InsufficientStock
            | Self::DuplicateEmail
            | Self::ProductInUse
            | Self::UserInUse
            | Self::RequestInProgress => 409,
            Self::PreconditionFailed => 412,
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
            Self::PreconditionRequired => 428,
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
