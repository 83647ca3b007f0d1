//! Orders: as requested by a client, as accepted with prices, and as stored.

use serde::Serialize;

use super::{Cents, OrderId, ProductId, UserId};

/// The most items in one order. Ten thousand items are a third of a mebibyte of JSON and one short transaction.
pub const MAX_LINES: usize = 10_000;

/// The most pieces of one product in one order.
pub const MAX_LINE_QUANTITY: u32 = 1_000_000;

/// The largest total of one order: 10,000,000,000.00. Sums over millions of such orders still fit into 64 bits.
pub const MAX_ORDER_TOTAL: Cents = Cents::new(1_000_000_000_000);

/// The most that the orders of one user may cost together: a thousand of the largest. Fifteen digits are what every
/// reader of JSON keeps exactly, with the two decimals.
pub const MAX_USER_TOTAL: Cents = Cents::new(1_000_000_000_000_000);

/// A number of pieces, from 1 to [`MAX_LINE_QUANTITY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

impl Quantity {
    /// Takes a number of pieces; `None` if it is out of range.
    pub fn new(pieces: u64) -> Option<Self> {
        let pieces = u32::try_from(pieces).ok()?;
        (1..=MAX_LINE_QUANTITY).contains(&pieces).then_some(Self(pieces))
    }

    /// The number of pieces, within the range.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// One product in an order, with its quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// The ordered product.
    pub product_id: ProductId,
    /// The number of pieces ordered.
    pub quantity: Quantity,
}

/// The reason why a request is not an order.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    /// The order has no items.
    #[error("an order needs at least one item")]
    Empty,
    /// The order has more items than one transaction should carry.
    #[error("an order has at most {MAX_LINES} items, not {0}")]
    TooManyLines(usize),
    /// The quantity of a product, summed over its items, is not in the range of [`Quantity`].
    #[error("the quantity of product {0} must be a whole number from 1 to {MAX_LINE_QUANTITY}")]
    Quantity(ProductId),
}

/// A requested order: at least one line, one line per product, sorted by product id.
///
/// Rows are locked in the order of the lines, which keeps concurrent orders from deadlocking. The constructor sorts
/// them, so that this holds for every writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    user_id: UserId,
    lines: Vec<OrderLine>,
}

impl NewOrder {
    /// Checks the items, merges those of the same product, and sorts them.
    pub fn new(user_id: UserId, items: &[(ProductId, u64)]) -> Result<Self, InvalidOrder> {
        if items.is_empty() {
            return Err(InvalidOrder::Empty);
        }
        if items.len() > MAX_LINES {
            return Err(InvalidOrder::TooManyLines(items.len()));
        }
        if let Some(&(product_id, _)) = items.iter().find(|(_, pieces)| *pieces == 0) {
            return Err(InvalidOrder::Quantity(product_id));
        }
        let mut sorted = items.to_vec();
        sorted.sort_unstable_by_key(|(product_id, _)| *product_id);
        let line = |same: &[(ProductId, u64)]| {
            let (product_id, _) = same[0];
            let pieces = same.iter().fold(0_u64, |sum, (_, pieces)| sum.saturating_add(*pieces));
            let quantity = Quantity::new(pieces).ok_or(InvalidOrder::Quantity(product_id))?;
            Ok(OrderLine { product_id, quantity })
        };
        Ok(Self {
            user_id,
            lines: sorted.chunk_by(|(one, _), (other, _)| one == other).map(line).collect::<Result<_, _>>()?,
        })
    }

    /// The user who orders.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// One line per product, sorted by product id; never empty.
    pub fn lines(&self) -> &[OrderLine] {
        &self.lines
    }
}

/// A line of an accepted order, with its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PricedLine {
    /// The sold product.
    pub product_id: ProductId,
    /// The number of pieces sold.
    pub quantity: u32,
    /// The price of one piece when the order was accepted.
    pub unit_price: Cents,
}

/// The total of an order would pass [`MAX_ORDER_TOTAL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the total of one order is at most {MAX_ORDER_TOTAL}")]
pub struct TotalTooLarge;

/// The sum of quantity times price over the lines.
pub fn total(lines: &[PricedLine]) -> Result<Cents, TotalTooLarge> {
    let sum = lines.iter().try_fold(Cents::default(), |sum, line| {
        sum.checked_add(line.unit_price.checked_mul(u64::from(line.quantity))?)
    });
    sum.filter(|&sum| sum <= MAX_ORDER_TOTAL).ok_or(TotalTooLarge)
}

/// The store's answer to an accepted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The id of the new order, or of the earlier one if this is a replay.
    pub order_id: OrderId,
    /// The sum of its lines at the prices when it was accepted.
    pub total: Cents,
    /// Whether the order was placed by an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// A stored order, as `GET /orders/{id}` returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The id of the order, unique over all instances.
    pub id: OrderId,
    /// The user who placed it.
    pub user_id: UserId,
    /// The sum of its lines at the prices when it was accepted.
    pub total_amount: Cents,
    /// One line per product, sorted by product id.
    pub items: Vec<PricedLine>,
    /// The time of its transaction, RFC 3339 in UTC.
    pub created_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_order(items: &[(u64, u64)]) -> Result<NewOrder, InvalidOrder> {
        let items: Vec<_> = items.iter().map(|&(id, pieces)| (ProductId::new(id), pieces)).collect();
        NewOrder::new(UserId::new(1), &items)
    }

    #[test]
    fn lines_of_one_product_are_merged_and_sorted() {
        let order = new_order(&[(7, 1), (3, 2), (7, 4)]).unwrap();
        let lines: Vec<_> = order.lines().iter().map(|line| (line.product_id.get(), line.quantity.get())).collect();
        assert_eq!(lines, [(3, 2), (7, 5)]);
    }

    #[test]
    fn refuses_impossible_orders() {
        assert_eq!(new_order(&[]), Err(InvalidOrder::Empty));
        assert_eq!(new_order(&[(7, 0)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
        assert_eq!(new_order(&[(7, 600_000), (7, 600_000)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
        assert_eq!(new_order(&[(7, u64::MAX), (7, u64::MAX)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
        assert_eq!(new_order(&vec![(7, 1); MAX_LINES + 1]), Err(InvalidOrder::TooManyLines(MAX_LINES + 1)));
    }

    #[test]
    fn a_total_is_the_sum_of_its_lines_and_bounded() {
        let line =
            |quantity, cents| PricedLine { product_id: ProductId::new(1), quantity, unit_price: Cents::new(cents) };
        assert_eq!(total(&[line(2, 150), line(3, 5)]), Ok(Cents::new(315)));
        assert_eq!(total(&[line(u32::MAX, u64::MAX)]), Err(TotalTooLarge));
        assert_eq!(total(&[line(1_000_000, 1_000_001)]), Err(TotalTooLarge));
    }

    #[test]
    fn the_limits_are_included() {
        let most = u64::from(MAX_LINE_QUANTITY);
        assert_eq!(new_order(&[(7, most)]).unwrap().lines()[0].quantity.get(), MAX_LINE_QUANTITY);
        assert_eq!(new_order(&[(7, most + 1)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
        assert_eq!(new_order(&[(7, u64::from(u32::MAX) + 2)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
        assert!(new_order(&vec![(7, 1); MAX_LINES]).is_ok());
        assert_eq!(new_order(&[(3, 1)]).unwrap().user_id(), UserId::new(1));
        let line = PricedLine { product_id: ProductId::new(1), quantity: 1_000_000, unit_price: Cents::new(1_000_000) };
        assert_eq!(total(&[line]), Ok(MAX_ORDER_TOTAL));
        let cent = PricedLine { quantity: 1, unit_price: Cents::new(1), ..line };
        assert_eq!(total(&[line, cent]), Err(TotalTooLarge));
    }

    #[test]
    fn an_item_without_pieces_is_refused_even_beside_others_of_its_product() {
        assert_eq!(new_order(&[(7, 1), (7, 0)]), Err(InvalidOrder::Quantity(ProductId::new(7))));
    }
}
