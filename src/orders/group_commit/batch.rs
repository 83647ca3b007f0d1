//! Decides one batch: which orders are accepted, in the order of arrival. Pure functions.

use std::collections::HashMap;
use std::ops::Range;

use super::super::OrderError;
use super::super::pricing::priced;
use super::super::replay::replayed;
use super::entry::Entry;
use crate::db::{BatchRows, Locked, StoredAnswer};
use crate::domain::{
    Cents, IdempotencyKey, MAX_USER_TOTAL, OrderId, PlacedOrder, PricedLine, ProductId, UserId, total,
};

/// Rows that a batch needs, without duplicates and in locking order.
pub(super) fn rows_wanted(entries: &[Entry]) -> (Vec<ProductId>, Vec<UserId>, Vec<&IdempotencyKey>) {
    let lines = entries.iter().flat_map(|entry| entry.order.lines());
    let mut products: Vec<_> = lines.map(|line| line.product_id).collect();
    products.sort_unstable();
    products.dedup();
    let mut users: Vec<_> = entries.iter().map(|entry| entry.order.user_id()).collect();
    users.sort_unstable();
    users.dedup();
    let keys = entries.iter().filter_map(|entry| entry.key.as_ref()).map(|(key, _)| key).collect();
    (products, users, keys)
}

/// Results of a batch, valid once it is committed.
#[derive(Debug)]
pub(super) struct Decided {
    /// One result per order, in the same order.
    pub(super) results: Vec<Result<PlacedOrder, OrderError>>,
    /// Rows to write; contains no order if none was accepted.
    pub(super) rows: BatchRows,
}

/// Accepts or refuses each order of a batch as if they came one after the other. `ids` holds one number per order.
pub(super) fn decide(entries: &[Entry], locked: Locked, ids: Range<u64>) -> Decided {
    let mut decision = BatchDecision::new(locked, ids);
    let results = entries.iter().map(|entry| decision.decide(entry)).collect();
    Decided { results, rows: decision.rows() }
}

/// Stock and user totals that remain while the orders of a batch are decided.
struct BatchDecision {
    locked: Locked,
    /// Pieces sold so far of each offer.
    sold: Vec<u64>,
    /// Orders and money added so far for each user.
    expenses: Vec<(u64, Cents)>,
    /// Answers stored for keys, from before and from this batch.
    answers: HashMap<String, StoredAnswer>,
    ids: Range<u64>,
    rows: BatchRows,
}

impl BatchDecision {
    fn new(mut locked: Locked, ids: Range<u64>) -> Self {
        let sold = vec![0; locked.offers.len()];
        let expenses = vec![(0, Cents::default()); locked.users.len()];
        let answers = locked.answers.drain(..).collect();
        Self { locked, sold, expenses, answers, ids, rows: BatchRows::default() }
    }

    fn decide(&mut self, entry: &Entry) -> Result<PlacedOrder, OrderError> {
        if let Some((key, fingerprint)) = &entry.key
            && let Some(answer) = self.answers.get(key.as_str())
        {
            return replayed(answer, fingerprint);
        }
        let lines = self.priced_lines(entry)?;
        let total = total(&lines)?;
        let user_id = entry.order.user_id();
        let user = self.locked.users.binary_search_by_key(&user_id, |(user, _)| *user);
        let user = user.map_err(|_| OrderError::UnknownUser(user_id))?;
        let (_, spent) = &mut self.locked.users[user];
        *spent = spent
            .checked_add(total)
            .filter(|spent| *spent <= MAX_USER_TOTAL)
            .ok_or(OrderError::UserTotalTooLarge(user_id))?;
        // One number per order was reserved, so this cannot fail.
        let order_id = OrderId::new(self.ids.next().ok_or(OrderError::Overloaded)?);

        let (orders, expense) = &mut self.expenses[user];
        *orders += 1;
        *expense = Cents::new(expense.get() + total.get());
        for line in lines {
            if let Some(place) = self.place_of(line.product_id) {
                let pieces = u64::from(line.quantity);
                self.locked.offers[place].quantity -= pieces;
                self.sold[place] += pieces;
            }
            self.rows.lines.push((order_id, line));
        }
        self.rows.orders.push((order_id, user_id, total));
        if let Some((key, fingerprint)) = &entry.key {
            let answer = StoredAnswer { fingerprint: *fingerprint.as_bytes(), order_id, total };
            self.answers.insert(key.as_str().to_owned(), answer);
            self.rows.answers.push((key.clone(), *fingerprint, order_id, total));
        }
        Ok(PlacedOrder { order_id, total, replayed: false })
    }

    fn priced_lines(&self, entry: &Entry) -> Result<Vec<PricedLine>, OrderError> {
        let offer = |product_id| self.place_of(product_id).map(|place| self.locked.offers[place]);
        entry.order.lines().iter().map(|line| priced(line, offer(line.product_id))).collect()
    }

    fn place_of(&self, product_id: ProductId) -> Option<usize> {
        self.locked.offers.binary_search_by_key(&product_id, |offer| offer.product_id).ok()
    }

    /// Sums of all accepted orders, per product and per user.
    fn rows(self) -> BatchRows {
        let mut rows = self.rows;
        let sold = self.locked.offers.iter().zip(self.sold).filter(|(_, pieces)| *pieces > 0);
        rows.sold = sold.map(|(offer, pieces)| (offer.product_id, pieces)).collect();
        let expenses = self.locked.users.iter().zip(self.expenses).filter(|(_, (orders, _))| *orders > 0);
        rows.expenses = expenses.map(|(&(user, _), (orders, cents))| (user, orders, cents)).collect();
        // Every instance writes in this order, so that transactions do not wait for each other in a circle.
        rows.answers.sort_unstable_by(|(one, ..), (other, ..)| one.as_str().cmp(other.as_str()));
        rows
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::*;
    use crate::db::Offer;
    use crate::domain::{Fingerprint, KeyReused, NewOrder};

    fn entry(user: u64, items: &[(u64, u64)], key: Option<&str>) -> Entry {
        let items: Vec<_> = items.iter().map(|&(product, pieces)| (ProductId::new(product), pieces)).collect();
        let order = NewOrder::new(UserId::new(user), &items).unwrap();
        let fingerprint = Fingerprint::of(&order);
        let key = key.map(|key| (IdempotencyKey::parse(key.as_bytes()).unwrap(), fingerprint));
        Entry { order, key, deadline: Instant::now(), arrived: Instant::now(), reply: oneshot::channel().0 }
    }

    fn locked(stocks: &[(u64, u64)], users: &[u64]) -> Locked {
        let offer = |&(id, quantity)| Offer { product_id: ProductId::new(id), quantity, price: Cents::new(100 * id) };
        Locked {
            offers: stocks.iter().map(offer).collect(),
            users: users.iter().map(|&user| (UserId::new(user), Cents::default())).collect(),
            answers: Vec::new(),
        }
    }

    /// Numbers of accepted orders, and text for the refused ones.
    fn outcomes(decided: &Decided) -> Vec<String> {
        let outcome = |result: &Result<PlacedOrder, OrderError>| match result {
            Ok(placed) if placed.replayed => format!("{} again", placed.order_id),
            Ok(placed) => placed.order_id.to_string(),
            Err(error) => error.to_string(),
        };
        decided.results.iter().map(outcome).collect()
    }

    #[test]
    fn each_order_is_decided_as_if_they_came_one_after_the_other() {
        let entries = [
            entry(1, &[(1, 2), (2, 1)], None),
            entry(2, &[(1, 2)], None),
            entry(9, &[(2, 1)], None),
            entry(2, &[(3, 1)], None),
            entry(2, &[(1, 1)], None),
        ];
        let decided = decide(&entries, locked(&[(1, 3), (2, 5)], &[1, 2]), 70..75);
        let expected =
            ["70", "product 1 has 1 in stock and 2 were ordered", "there is no user 9", "there is no product 3", "71"];
        assert_eq!(outcomes(&decided), expected);
        let rows = &decided.rows;
        assert_eq!(rows.sold, [(ProductId::new(1), 3), (ProductId::new(2), 1)], "one row per product");
        let expenses = [(UserId::new(1), 1, Cents::new(400)), (UserId::new(2), 1, Cents::new(100))];
        assert_eq!(rows.expenses, expenses, "one row per user");
        assert_eq!((rows.orders.len(), rows.lines.len()), (2, 3));
    }

    #[test]
    fn what_an_order_took_is_missing_for_the_next_and_nothing_else_is() {
        let entries = [3, 4, 1].map(|pieces| entry(1, &[(1, pieces)], None));
        let decided = decide(&entries, locked(&[(1, 7)], &[1]), 1..4);
        assert_eq!(outcomes(&decided), ["1", "2", "product 1 has 0 in stock and 1 were ordered"]);
    }

    #[test]
    fn a_refused_order_takes_nothing_and_no_number() {
        let entries = [entry(1, &[(1, 1), (2, 9)], None), entry(1, &[(1, 1)], None)];
        let decided = decide(&entries, locked(&[(1, 1), (2, 5)], &[1]), 5..7);
        assert_eq!(outcomes(&decided), ["product 2 has 5 in stock and 9 were ordered", "5"]);
    }

    #[test]
    fn a_key_means_one_order_within_a_batch_too() {
        let entries = [
            entry(1, &[(1, 9)], Some("a")),
            entry(1, &[(1, 1)], Some("a")),
            entry(1, &[(1, 1)], Some("a")),
            entry(1, &[(1, 2)], Some("a")),
            entry(1, &[(1, 1)], Some("b")),
        ];
        let decided = decide(&entries, locked(&[(1, 5)], &[1]), 1..6);
        let reused = KeyReused.to_string();
        assert_eq!(
            outcomes(&decided),
            ["product 1 has 5 in stock and 9 were ordered", "1", "1 again", reused.as_str(), "2"],
            "a refusal does not use the key up"
        );
        let keys: Vec<_> = decided.rows.answers.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b"], "in the order in which every instance writes them");
    }

    #[test]
    fn a_user_whose_orders_would_cost_too_much_together_is_refused_and_others_are_not() {
        let entries = [entry(1, &[(1, 1)], None), entry(1, &[(1, 1)], None), entry(2, &[(1, 1)], None)];
        let mut locked = locked(&[(1, 9)], &[1, 2]);
        locked.users[0].1 = Cents::new(MAX_USER_TOTAL.get() - 199);
        let decided = decide(&entries, locked, 1..4);
        let refused = OrderError::UserTotalTooLarge(UserId::new(1)).to_string();
        assert_eq!(outcomes(&decided), ["1", refused.as_str(), "2"]);
        assert_eq!(decided.rows.sold, [(ProductId::new(1), 2)]);
    }

    #[test]
    fn rows_are_asked_for_once_and_in_the_order_of_locks() {
        let entries = [entry(2, &[(5, 1), (3, 1)], None), entry(1, &[(4, 1), (3, 1)], Some("k"))];
        let (products, users, keys) = rows_wanted(&entries);
        assert_eq!(products, [3, 4, 5].map(ProductId::new));
        assert_eq!(users, [1, 2].map(UserId::new));
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn only_what_changes_is_written() {
        let entries = [entry(2, &[(2, 3)], None), entry(2, &[(2, 1)], None), entry(1, &[(1, 9)], None)];
        let decided = decide(&entries, locked(&[(1, 3), (2, 5), (3, 1)], &[1, 2, 3]), 1..4);
        let rows = &decided.rows;
        assert_eq!(rows.sold, [(ProductId::new(2), 4)]);
        assert_eq!(rows.expenses, [(UserId::new(2), 2, Cents::new(800))]);
        let lines: Vec<_> = rows.lines.iter().map(|(order, line)| (order.get(), line.quantity)).collect();
        assert_eq!(lines, [(1, 3), (2, 1)]);
        let orders: Vec<_> =
            rows.orders.iter().map(|(order, user, total)| (order.get(), user.get(), total.get())).collect();
        assert_eq!(orders, [(1, 2, 600), (2, 2, 200)]);
    }

    #[test]
    fn the_last_piece_and_the_last_cent_can_be_had() {
        let mut locked = locked(&[(1, 2)], &[1]);
        locked.users[0].1 = Cents::new(MAX_USER_TOTAL.get() - 200);
        let decided = decide(&[entry(1, &[(1, 2)], None)], locked, 1..2);
        assert_eq!(outcomes(&decided), ["1"]);
    }

    #[test]
    fn keys_are_written_in_their_order_whatever_the_order_of_arrival() {
        let entries = ["c", "a", "b"].map(|key| entry(1, &[(1, 1)], Some(key)));
        let decided = decide(&entries, locked(&[(1, 5)], &[1]), 1..4);
        let keys: Vec<_> = decided.rows.answers.iter().map(|(key, _, order, _)| (key.as_str(), order.get())).collect();
        assert_eq!(keys, [("a", 2), ("b", 3), ("c", 1)]);
    }

    #[test]
    fn a_key_of_an_earlier_batch_gives_the_stored_answer() {
        let earlier = entry(1, &[(1, 1)], Some("k"));
        let mut locked = locked(&[(1, 5)], &[1]);
        let fingerprint = *earlier.key.as_ref().unwrap().1.as_bytes();
        let answer = StoredAnswer { fingerprint, order_id: OrderId::new(99), total: Cents::new(7) };
        locked.answers.push(("k".to_owned(), answer));
        let decided = decide(&[earlier], locked, 1..2);
        assert_eq!(outcomes(&decided), ["99 again"]);
        assert!(decided.rows.orders.is_empty() && decided.rows.answers.is_empty());
    }
}
