//! What users do: weighted tasks, each a request with values drawn at random.

use hyper::Method;
use hyper::body::Bytes;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use crate::domain::{ProductId, UserId};
use crate::wire::{ItemBody, NewOrderBody};

/// The weighted tasks of a run.
#[derive(Clone, Debug)]
pub struct Scenario {
    tasks: Vec<Task>,
    total_weight: u32,
}

/// One kind of request.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// The method.
    pub(super) method: Method,
    /// The route, under which it is counted.
    pub(super) route: &'static str,
    /// How often it is done, compared with the others.
    weight: u32,
    body: Body,
}

/// What a request carries.
#[derive(Clone, Copy, Debug)]
enum Body {
    /// Nothing.
    Empty,
    /// An order of random products by a random user.
    Order {
        /// Products are numbered from 1 to this.
        products: u64,
        /// Users are numbered from 1 to this.
        users: u64,
    },
}

/// The share of orders with a single product; the rest have three.
const SINGLE_PRODUCT: f64 = 0.7;

/// The most pieces of one product in an order.
const MOST_PIECES: u32 = 3;

impl Scenario {
    /// The store's scenario, as the original's load test had it: a third each of orders, best sellers and highest
    /// spenders. Products and users are numbered from 1, as `seed` numbers them.
    pub fn store(products: u64, users: u64) -> Self {
        let task = |method, route, body| Task { method, route, weight: 1, body };
        Self::new(vec![
            task(Method::POST, "/orders", Body::Order { products, users }),
            task(Method::GET, "/orders/reports/best-sellers", Body::Empty),
            task(Method::GET, "/orders/reports/highest-spenders", Body::Empty),
        ])
    }

    fn new(tasks: Vec<Task>) -> Self {
        let total_weight = tasks.iter().map(|task| task.weight).sum();
        Self { tasks, total_weight }
    }

    /// The tasks, in the order in which they are counted.
    pub(super) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Draws a task; gives its place.
    pub(super) fn draw(&self, random: &mut Pcg64Mcg) -> usize {
        let mut left = random.random_range(0..self.total_weight.max(1));
        for (place, task) in self.tasks.iter().enumerate() {
            match left.checked_sub(task.weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }
}

impl Task {
    /// What the request carries; empty for nothing.
    pub(super) fn body(&self, random: &mut Pcg64Mcg) -> Bytes {
        match self.body {
            Body::Empty => Bytes::new(),
            Body::Order { products, users } => {
                let order = random_order(random, products.max(1), users.max(1));
                // An order of whole numbers can always be written.
                serde_json::to_vec(&order).unwrap_or_default().into()
            }
        }
    }
}

fn random_order(random: &mut Pcg64Mcg, products: u64, users: u64) -> NewOrderBody {
    let lines = if random.random_bool(SINGLE_PRODUCT) { 1 } else { 3 };
    let mut ids = Vec::with_capacity(lines);
    while ids.len() < lines.min(usize::try_from(products).unwrap_or(lines)) {
        let id = random.random_range(1..=products);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut item = |id| {
        let quantity = f64::from(random.random_range(1..=MOST_PIECES));
        ItemBody { product_id: ProductId::new(id), quantity }
    };
    let items = ids.into_iter().map(&mut item).collect();
    NewOrderBody { user_id: UserId::new(random.random_range(1..=users)), items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn orders_have_one_or_three_different_products_of_those_there_are() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let orders: Vec<_> = (0..2_000).map(|_| random_order(&mut random, 50, 7)).collect();
        let single = orders.iter().filter(|order| order.items.len() == 1).count();
        assert!((1_300..1_500).contains(&single), "{single} of 2,000 orders have one product");
        for order in &orders {
            let mut ids: Vec<_> = order.items.iter().map(|item| item.product_id.get()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert!(ids.len() == order.items.len() && [1, 3].contains(&ids.len()), "{order:?}");
            assert!(ids.iter().all(|id| (1..=50).contains(id)) && (1..=7).contains(&order.user_id.get()));
        }
        assert_eq!(random_order(&mut random, 1, 1).items.len(), 1, "a shop with one product");
    }

    #[test]
    fn tasks_are_drawn_by_weight_and_the_same_seed_draws_the_same() {
        let scenario = Scenario::store(10, 10);
        let draws = |seed| {
            let mut random = Pcg64Mcg::seed_from_u64(seed);
            (0..3_000).map(|_| scenario.draw(&mut random)).collect::<Vec<_>>()
        };
        for place in 0..3 {
            let count = draws(1).iter().filter(|draw| **draw == place).count();
            assert!((900..1_100).contains(&count), "task {place} was drawn {count} times of 3,000");
        }
        assert_eq!(draws(5), draws(5));
        assert_ne!(draws(5), draws(6));
    }
}
