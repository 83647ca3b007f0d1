//! Bodies of answers.

use std::io;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Bytes};

/// An answer's body: nearly always one piece, in one case a stream.
pub(super) type Payload = Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>;

/// A body in one piece.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Payload {
    Either::Left(Full::new(bytes.into()))
}

/// A body in pieces that come as they are ready.
pub(super) fn pieces<B>(body: B) -> Payload
where
    B: Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    Either::Right(body.boxed_unsync())
}
