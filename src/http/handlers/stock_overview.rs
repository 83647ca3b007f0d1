//! `GET /stocks/reports/overview-stocks`: every product with its stock, with the field names of the original.
//!
//! The answer is as long as the catalog, so it is streamed page by page: memory use does not grow with the catalog, and
//! no database connection is held while a slow client reads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Response;
use hyper::body::{Body, Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::Store;
use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::{self, Payload};
use crate::db::DbError;
use crate::domain::StockLevel;
use crate::wire::{JSON, OverviewRow};

/// The number of products in a page: about a hundred kilobytes of JSON.
const PAGE: u32 = 1_000;

/// The longest time to read one page from the database, and for the client to take it.
const PAGE_LIMIT: Duration = Duration::from_secs(30);

pub(in crate::http) async fn handle(store: &Arc<Store>, call: &Call) -> Result<Response<Payload>, ApiError> {
    // The first page is read before the status is sent, so that an unreachable database gives a 503.
    let first = store.catalog.stock_levels_after(0, PAGE, call.deadline).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send_pages(Arc::clone(store), first, sender));
    let mut response = Response::new(payload::pieces(Pieces { pieces: receiver, complete: false }));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    Ok(response)
}

async fn send_pages(store: Arc<Store>, first: Vec<StockLevel>, sender: mpsc::Sender<Piece>) {
    let mut page = first;
    let mut opening = "[";
    loop {
        let last = page.last().map(|level| level.product.id.get()).filter(|_| page.len() == PAGE as usize);
        let piece = json_rows(opening, page, last.is_none());
        opening = ",";
        let sent = sender
            .send_timeout(piece.map_or(Piece::Failed, |piece| Piece::of(piece, last.is_none())), PAGE_LIMIT)
            .await;
        let (Ok(()), Some(after)) = (sent, last) else { return };
        page = match store.catalog.stock_levels_after(after, PAGE, Instant::now() + PAGE_LIMIT).await {
            Ok(page) if page.is_empty() => {
                drop(sender.send(Piece::Last(Bytes::from_static(b"]"))).await);
                return;
            }
            Ok(page) => page,
            Err(error) => return break_off(&sender, &error).await,
        };
    }
}

/// Ends the answer so that it cannot be mistaken for a complete one. The status was already sent and cannot change.
async fn break_off(sender: &mpsc::Sender<Piece>, error: &DbError) {
    tracing::warn!(%error, "an overview of the stocks was broken off");
    drop(sender.send(Piece::Failed).await);
}

fn json_rows(opening: &str, levels: Vec<StockLevel>, closes: bool) -> io::Result<Bytes> {
    let mut text = opening.as_bytes().to_vec();
    for (index, StockLevel { product, quantity }) in levels.into_iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let row = OverviewRow { name: product.name, sku: product.sku, price: product.price, quantity };
        serde_json::to_writer(&mut text, &row)?;
    }
    if closes {
        text.push(b']');
    }
    Ok(text.into())
}

/// A message to the body of the answer.
#[derive(Debug)]
enum Piece {
    /// Bytes that are followed by more.
    Some(Bytes),
    /// The final bytes, which complete the answer.
    Last(Bytes),
    /// No more bytes follow, and the answer is incomplete.
    Failed,
}

impl Piece {
    fn of(bytes: Bytes, last: bool) -> Self {
        if last { Self::Last(bytes) } else { Self::Some(bytes) }
    }
}

/// A body that takes its pieces from a channel. If the channel ends before the last piece, the body fails, so that the
/// client can see that the answer is incomplete.
struct Pieces {
    pieces: mpsc::Receiver<Piece>,
    complete: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.complete {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Some(bytes)) => Ok(Frame::data(bytes)),
            Some(Piece::Last(bytes)) => {
                self.complete = true;
                Ok(Frame::data(bytes))
            }
            Some(Piece::Failed) | None => Err(io::Error::other("the rest of the answer is missing")),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.complete
    }
}
