//! What if an order had a million articles: single orders of growing size, with each writer.
//!
//! Every writer gets fresh instances with the setup of the last rung. They take bodies of up to 64 MiB, which is more than a
//! million articles need, so that it is the store that says what it does not take, and not the size of its text.

use std::fmt::Write;

use hyper::Method;
use serde::Deserialize;

use super::experiment_results::{OrderLines, OrderOfLines};
use super::failure::RungFailure;
use super::ladder::{WRITERS, cured};
use super::store::{Deployment, Running, StoreStarter};
use super::unloaded::{LIMIT, Sent, send};
use super::watcher::unwatched;
use super::{Event, Observer};
use crate::db::Session;
use crate::units;

/// How many orders of one size are sent; the median is shown.
const ORDERS: usize = 5;

/// The limits of the instances: the longest body that `--max-body-bytes` takes, and the longest time of a request, which is
/// that of the lab for its answer.
const OPTIONS: [&str; 6] =
    ["--max-body-bytes", "67108864", "--all-body-bytes", "134217728", "--request-deadline", "55s"];

/// The most articles of an order that the lab sends: 34 bytes each are still within the longest body.
pub const MOST_ORDER_LINES: u64 = 1_500_000;

impl StoreStarter<'_> {
    /// Measures orders of these sizes with every writer.
    pub(super) async fn order_lines(&self, sizes: &[u64], observer: Observer<'_>) -> Result<OrderLines, RungFailure> {
        let mut measured = OrderLines::default();
        for writer in WRITERS {
            observer(Event::Step(&format!("orders written {writer}")));
            let more_options = OPTIONS.iter().map(Into::into).collect();
            let deployment = Deployment { more_options, ..cured(writer).into() };
            let running = self.start(Deployment { instances: 1, ..deployment }, observer).await?;
            let work = self.orders_of_writer(writer, sizes, &running, observer, &mut measured);
            if let Err(reason) = self.unless_stopped(work).await? {
                measured.remarks.push(format!("{writer}: {reason}"));
            }
        }
        Ok(measured)
    }

    async fn orders_of_writer(
        &self,
        writer: &str,
        sizes: &[u64],
        running: &Running,
        observer: Observer<'_>,
        measured: &mut OrderLines,
    ) -> Result<(), String> {
        let products = self.config.conditions.products;
        let mut session = Session::connect(&running.access.database, LIMIT).await.map_err(unwatched)?;
        for lines in sizes.iter().copied() {
            observer(Event::Step(&format!("an order of {} articles", units::count(lines))));
            let body = order(lines, products);
            let body_bytes = body.len() as u64;
            let mut sent = Vec::new();
            for _ in 0..ORDERS {
                let order = send(&mut session, &running.target, Method::POST, "/orders", body.clone()).await?;
                let refused = !order.answer.status.is_success();
                sent.push(order);
                if refused {
                    break;
                }
            }
            measured.orders.extend(summed_up(writer, lines, body_bytes, sent));
        }
        Ok(())
    }
}

/// The medians of the orders of one size. If one was refused, it is the last, and it alone is told.
fn summed_up(writer: &str, lines: u64, body_bytes: u64, mut sent: Vec<Sent>) -> Option<OrderOfLines> {
    if sent.last().is_some_and(|last| !last.answer.status.is_success()) {
        sent.drain(..sent.len() - 1);
    }
    let mut statements: Vec<_> = sent.iter().map(|order| order.counted.statements).collect();
    statements.sort_unstable();
    sent.sort_by(|a, b| a.took_ms.total_cmp(&b.took_ms));
    let middle = sent.get(sent.len() / 2)?;
    let refusal = (!middle.answer.status.is_success()).then(|| Refusal::of(&middle.answer));
    let (refused_code, refused_because) = refusal.map(|refusal| (refusal.code, refusal.error)).unzip();
    Some(OrderOfLines {
        writer: writer.to_owned(),
        lines,
        body_bytes,
        status: middle.answer.status.as_u16(),
        took_ms: middle.took_ms,
        statements: statements[statements.len() / 2],
        refused_code,
        refused_because,
    })
}

/// The body of an error.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    code: String,
}

impl Refusal {
    fn of(answer: &crate::net::Answer) -> Self {
        answer.json().unwrap_or_else(|_| Self { error: answer.text().trim().to_owned(), code: String::new() })
    }
}

/// An order with this many items: of as many products as there are, and of these again where there are fewer.
fn order(lines: u64, products: u64) -> String {
    let mut body = String::from(r#"{"user_id":1,"items":["#);
    for line in 0..lines {
        let comma = if line == 0 { "" } else { "," };
        // Writing to a `String` cannot fail.
        let _ = write!(body, r#"{comma}{{"product_id":{},"quantity":1}}"#, line % products.max(1) + 1);
    }
    body.push_str("]}");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_as_many_items_as_asked_for_and_no_product_that_does_not_exist() {
        let parsed: serde_json::Value = serde_json::from_str(&order(5, 3)).unwrap();
        let products = parsed["items"].as_array().unwrap().iter().map(|item| item["product_id"].as_u64().unwrap());
        assert_eq!(products.collect::<Vec<_>>(), [1, 2, 3, 1, 2]);
        assert!(order(MOST_ORDER_LINES, 10_000).len() < 67_108_864);
    }
}
