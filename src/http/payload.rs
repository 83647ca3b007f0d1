//! The bodies of answers: in one piece, or streamed.

use std::io;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Bytes};

/// The body of an answer: one piece, except for the stock overview, which is streamed.
pub(super) type Payload = Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>;

/// Makes a body of one piece, whose length is known.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Payload {
    Either::Left(Full::new(bytes.into()))
}

/// Makes a streamed body, whose pieces are sent as they become ready.
pub(super) fn pieces<B>(body: B) -> Payload
where
    B: Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    Either::Right(body.boxed_unsync())
}
