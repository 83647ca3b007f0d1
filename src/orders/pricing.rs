//! Matches order lines with offers: the price of each line, or the reason for refusing it. Pure functions.

use super::OrderError;
use crate::db::Offer;
use crate::domain::{OrderLine, PricedLine};

/// Pairs each line with its offer. Both are sorted by product; only an unknown product has no offer.
pub(super) fn price_all(lines: &[OrderLine], offers: &[Offer]) -> Result<Vec<PricedLine>, OrderError> {
    let mut offers = offers.iter().copied().peekable();
    let price = |line: &OrderLine| priced(line, offers.next_if(|offer| offer.product_id == line.product_id));
    lines.iter().map(price).collect()
}

/// The line at the offered price, or the reason for refusing it.
pub(super) fn priced(line: &OrderLine, offer: Option<Offer>) -> Result<PricedLine, OrderError> {
    let offer = offer.ok_or(OrderError::UnknownProduct(line.product_id))?;
    let wanted = line.quantity.get();
    if u64::from(wanted) > offer.quantity {
        let available = offer.quantity;
        return Err(OrderError::InsufficientStock { product_id: line.product_id, available, wanted });
    }
    Ok(PricedLine { product_id: line.product_id, quantity: wanted, unit_price: offer.price })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cents, ProductId, Quantity};

    fn line(product_id: u64, pieces: u64) -> OrderLine {
        OrderLine { product_id: ProductId::new(product_id), quantity: Quantity::new(pieces).unwrap() }
    }

    fn offer(product_id: u64, quantity: u64) -> Offer {
        Offer { product_id: ProductId::new(product_id), quantity, price: Cents::new(100) }
    }

    #[test]
    fn the_first_line_that_cannot_be_had_is_named() {
        let lines = [line(1, 2), line(2, 2), line(3, 2)];
        assert!(price_all(&lines, &[offer(1, 2), offer(2, 2), offer(3, 2)]).is_ok());
        let unknown = price_all(&lines, &[offer(1, 2), offer(3, 0)]).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no product 2");
        let short = price_all(&lines, &[offer(1, 2), offer(2, 1), offer(3, 2)]).unwrap_err();
        assert_eq!(short.to_string(), "product 2 has 1 in stock and 2 were ordered");
        assert!(price_all(&lines, &[]).is_err());
    }
}
