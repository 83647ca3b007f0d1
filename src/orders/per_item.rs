//! `per-item`: one query per article, as in the first version of the original program.

use super::OrderError;
use super::attempts::Failed;
use super::pricing::priced;
use crate::db::Session;
use crate::domain::{Cents, NewOrder, OrderId, PricedLine, total};

/// Writes one order inside the caller's transaction, line by line; returns its lines and their total.
pub(super) async fn write(
    session: &mut Session,
    id: OrderId,
    order: &NewOrder,
) -> Result<(Vec<PricedLine>, Cents), Failed> {
    let mut lines = Vec::with_capacity(order.lines().len());
    for line in order.lines() {
        let offer = session.lock_offer(line.product_id).await?;
        let line = priced(line, offer)?;
        session.sell(&line).await?;
        session.insert_line(id, &line).await?;
        lines.push(line);
    }
    let total = total(&lines).map_err(OrderError::from)?;
    session.insert_order(id, order.user_id(), total).await?;
    if !session.add_expense(order.user_id(), total).await? {
        return Err(OrderError::UnknownUser(order.user_id()).into());
    }
    Ok((lines, total))
}
