//! Generates the history of orders: who bought what, when, and for how much.
//!
//! Orders are generated in blocks, each from its own random stream, so that several connections can write them in any order
//! and the rows are the same. After a block was written, only the totals of its products and users are kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::draws::{Draws, Stream};
use super::plan::Plan;
use super::popularity::Popularity;
use super::products::price;
use crate::db::PastOrder;
use crate::domain::{Cents, OrderId, PricedLine, ProductId, UserId};

/// The number of orders in a block and in a transaction. It determines the result of a seed, so it never changes.
pub(super) const BLOCK: u64 = 8_192;

/// The percentage of orders with one line; the others have [`MORE_LINES`]. The mean is 1.6, as in the load test.
const ONE_LINE_PERCENT: u64 = 70;
const MORE_LINES: u64 = 3;

/// The highest quantity in a line. All quantities from 1 on are equally likely.
const MOST_PIECES: u64 = 3;

/// The offsets of [`Popularity`]. With them, the best seller of 10,000 products is in 1.4 % of the lines, and the best
/// customer of 1,000 placed 1.3 % of the orders.
const PRODUCT_OFFSET: u64 = 9;
const USER_OFFSET: u64 = 19;

/// The history always covers the year 2025: 365 days from 20,089 days after 1970-01-01.
const FIRST_INSTANT: Duration = Duration::from_hours(20_089 * 24);
const SPAN_MICROS: u64 = 365 * 24 * 3_600 * 1_000_000;

/// Generates orders, and keeps the totals of those that were written.
#[derive(Debug)]
pub(super) struct History {
    plan: Plan,
    products: Popularity,
    users: Popularity,
    /// The price of each product, in cents.
    prices: Vec<u32>,
    /// The pieces sold of each product.
    sold: Vec<AtomicU64>,
    /// The number of orders of each user, and their sum in cents.
    bought: Vec<(AtomicU64, AtomicU64)>,
}

impl History {
    pub(super) fn new(plan: Plan) -> Self {
        let (counts, seed) = (plan.counts(), plan.seed());
        let ranks = |stream| Draws::new(seed, stream, 0);
        Self {
            plan,
            products: Popularity::new(ranks(Stream::ProductRanks), counts.products, PRODUCT_OFFSET),
            users: Popularity::new(ranks(Stream::UserRanks), counts.users, USER_OFFSET),
            prices: (1..=counts.products).map(|id| price(seed, id).get() as u32).collect(),
            sold: (0..counts.products).map(|_| AtomicU64::new(0)).collect(),
            bought: (0..counts.users).map(|_| Default::default()).collect(),
        }
    }

    /// Generates the orders of one block, numbered from 0. The last block may be shorter.
    pub(super) fn block(&self, block: u64) -> Vec<PastOrder> {
        let mut draws = Draws::new(self.plan.seed(), Stream::Orders, block);
        let first = block * BLOCK;
        let end = (first + BLOCK).min(self.plan.counts().orders);
        (first..end).map(|index| self.order(&mut draws, index)).collect()
    }

    /// Adds orders to the totals. Must be called once for each order, after it was stored.
    pub(super) fn record(&self, orders: &[PastOrder]) {
        for order in orders {
            let (count, expense) = &self.bought[order.user_id.get() as usize - 1];
            count.fetch_add(1, Ordering::Relaxed);
            expense.fetch_add(order.total.get(), Ordering::Relaxed);
            for line in &order.lines {
                self.sold[line.product_id.get() as usize - 1].fetch_add(u64::from(line.quantity), Ordering::Relaxed);
            }
        }
    }

    /// The number of pieces sold of a product.
    pub(super) fn sold(&self, product_id: u64) -> u64 {
        self.sold[product_id as usize - 1].load(Ordering::Relaxed)
    }

    /// The number of orders of a user, and their sum.
    pub(super) fn bought(&self, user_id: u64) -> (u64, Cents) {
        let (count, expense) = &self.bought[user_id as usize - 1];
        (count.load(Ordering::Relaxed), Cents::new(expense.load(Ordering::Relaxed)))
    }

    fn order(&self, draws: &mut Draws, index: u64) -> PastOrder {
        let user_id = UserId::new(self.users.draw(draws));
        let wanted = if draws.percent(ONE_LINE_PERCENT) { 1 } else { MORE_LINES.min(self.plan.counts().products) };
        let mut lines: Vec<PricedLine> = Vec::with_capacity(wanted as usize);
        while (lines.len() as u64) < wanted {
            let id = self.products.draw(draws);
            if lines.iter().all(|line| line.product_id.get() != id) {
                let quantity = draws.below(MOST_PIECES) as u32 + 1;
                let unit_price = Cents::new(u64::from(self.prices[id as usize - 1]));
                lines.push(PricedLine { product_id: ProductId::new(id), quantity, unit_price });
            }
        }
        lines.sort_unstable_by_key(|line| line.product_id);
        let total = lines.iter().map(|line| line.unit_price.get() * u64::from(line.quantity)).sum();
        let created_at = self.instant(index, draws.below(SPAN_MICROS));
        PastOrder { id: OrderId::new(index + 1), user_id, total: Cents::new(total), created_at, lines }
    }

    /// The time of an order. Orders are spread evenly over the year, each at a random time within its share of it, so that
    /// times ascend with the numbers.
    fn instant(&self, index: u64, jitter: u64) -> SystemTime {
        let orders = u128::from(self.plan.counts().orders.max(1));
        let micros = (u128::from(index) * u128::from(SPAN_MICROS) + u128::from(jitter)) / orders;
        UNIX_EPOCH + FIRST_INSTANT + Duration::from_micros(micros as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Counts;
    use super::*;
    use crate::domain::total;

    fn history(products: u64, users: u64, orders: u64) -> History {
        History::new(Plan::new(Counts { products, users, stock: 0, orders }, 1).unwrap())
    }

    fn all_orders(history: &History) -> Vec<PastOrder> {
        (0..history.plan.counts().orders.div_ceil(BLOCK)).flat_map(|block| history.block(block)).collect()
    }

    #[test]
    fn orders_are_numbered_and_dated_in_order() {
        let orders = all_orders(&history(500, 50, BLOCK + 1_000));
        assert!(orders.iter().map(|order| order.id.get()).eq(1..=BLOCK + 1_000));
        assert!(orders.is_sorted_by_key(|order| order.created_at));
        let year = Duration::from_micros(SPAN_MICROS);
        let first = UNIX_EPOCH + FIRST_INSTANT;
        assert!(orders.iter().all(|order| (first..first + year).contains(&order.created_at)));
        let quarter = orders[orders.len() / 4].created_at.duration_since(first).unwrap();
        assert!((89..=93).contains(&(quarter.as_secs() / 86_400)), "spread over the whole year: {quarter:?}");
    }

    #[test]
    fn an_order_is_one_that_the_store_would_accept() {
        let history = history(500, 50, BLOCK);
        for order in all_orders(&history) {
            assert_eq!(total(&order.lines), Ok(order.total));
            assert!(order.lines.is_sorted_by(|a, b| a.product_id < b.product_id), "one line per product, in order");
            for line in &order.lines {
                assert_eq!(line.unit_price, price(1, line.product_id.get()));
            }
        }
    }

    #[test]
    fn most_orders_have_one_line_and_few_pieces() {
        let orders = all_orders(&history(10_000, 1_000, 5 * BLOCK));
        let lines: Vec<_> = orders.iter().flat_map(|order| &order.lines).collect();
        let mean = lines.len() as f64 / orders.len() as f64;
        assert!((1.58..1.62).contains(&mean), "{mean}");
        assert!(orders.iter().all(|order| [1, 3].contains(&order.lines.len())));
        for pieces in 1..=3 {
            let share = lines.iter().filter(|line| line.quantity == pieces).count() as f64 / lines.len() as f64;
            assert!((0.32..0.35).contains(&share), "{pieces} pieces: {share}");
        }
    }

    #[test]
    fn some_products_and_users_are_more_popular_than_others() {
        let history = history(10_000, 1_000, 5 * BLOCK);
        history.record(&all_orders(&history));
        let mut sold: Vec<_> = (1..=10_000).map(|id| (history.sold(id), id)).collect();
        sold.sort_unstable_by(|a, b| b.cmp(a));
        let all: u64 = sold.iter().map(|(pieces, _)| pieces).sum();
        let top: u64 = sold[..100].iter().map(|(pieces, _)| pieces).sum();
        let share = top as f64 / all as f64;
        assert!((0.33..0.39).contains(&share), "the best hundredth sells {share}");
        assert!(sold[..10].iter().any(|&(_, id)| id > 1_000), "best sellers are spread over the catalog");
        let mut bought: Vec<_> = (1..=1_000).map(|id| history.bought(id).0).collect();
        bought.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(bought.iter().sum::<u64>(), 5 * BLOCK);
        assert!(bought[0] > 5 * bought[500], "{} {}", bought[0], bought[500]);
    }

    #[test]
    fn a_shop_with_two_products_sells_at_most_two_in_one_order() {
        let lines = |products| all_orders(&history(products, 1, 1_000)).iter().map(|order| order.lines.len()).max();
        assert_eq!([lines(1), lines(2), lines(3)], [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn blocks_do_not_depend_on_each_other() {
        let history = history(100, 10, 3 * BLOCK);
        let later = history.block(2);
        assert_eq!(history.block(0), self::history(100, 10, 3 * BLOCK).block(0));
        assert_eq!(history.block(2), later);
    }
}
