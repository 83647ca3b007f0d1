//! `batched`: one query for all articles of an order, so that the number of round trips does not grow with the lines.

use super::OrderError;
use super::attempts::Failed;
use super::pricing::price_all;
use crate::db::Session;
use crate::domain::{Cents, NewOrder, OrderId, PricedLine, total};

/// Writes one order inside the caller's transaction, all lines at once; returns its lines and their total.
pub(super) async fn write(
    session: &mut Session,
    id: OrderId,
    order: &NewOrder,
) -> Result<(Vec<PricedLine>, Cents), Failed> {
    let offers = session.lock_offers(order.lines()).await?;
    let lines = price_all(order.lines(), &offers)?;
    let total = total(&lines).map_err(OrderError::from)?;
    session.sell_all(&lines).await?;
    session.insert_lines(id, &lines).await?;
    session.insert_order(id, order.user_id(), total).await?;
    if !session.add_expense(order.user_id(), total).await? {
        return Err(OrderError::UnknownUser(order.user_id()).into());
    }
    Ok((lines, total))
}
