//! Asks a store how many products and users it has, so that the built-in scenario asks for no others.
//!
//! Both are numbered from 1, as `seed` numbers them. A service that does not answer as the store does is not asked further.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};

use crate::net::{Answer, Connection, Limits, Target, Way};
use crate::units::Secret;

/// The longest that a store may take for all answers, of which there are some thirty at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// The highest numbers of products and users. None where it is not asked for, or the service does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// The highest number of a product.
    pub products: Option<u64>,
    /// The highest number of a user.
    pub customers: Option<u64>,
}

/// Asks which of these numbers a store has: each answer is at most what `wanted` says. A store that has none of a kind tells
/// nothing about it.
pub async fn store_size(target: &Target, way: &Way, token: Option<&Secret>, wanted: StoreSize) -> StoreSize {
    let mut size = StoreSize::default();
    // What is known when the time is over is used.
    drop(tokio::time::timeout(PATIENCE, ask(target, way, token, wanted, &mut size)).await);
    size
}

async fn ask(
    target: &Target,
    way: &Way,
    token: Option<&Secret>,
    wanted: StoreSize,
    size: &mut StoreSize,
) -> Option<()> {
    let limits = Limits { connect_timeout: PATIENCE, ..Limits::default() };
    // The requests are few, and HTTP/1.1 does for them.
    let way = Way { http2: false, ..way.clone() };
    let connection = Connection::open_by(target, &way, limits).await.ok()?;
    let mut store = Store { connection, authorization: token.map(|token| format!("Bearer {}", token.reveal())) };
    // Users cannot be listed, and other services have no such path; a list of products tells that it is the store.
    let any = store.has_product(1).await?;
    if let (Some(most), true) = (wanted.products, any) {
        size.products = store.highest(most, Kind::Product).await;
    }
    if let Some(most) = wanted.customers
        && store.has_user(1).await?
    {
        size.customers = store.highest(most, Kind::User).await;
    }
    Some(())
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Product,
    User,
}

struct Store {
    connection: Connection,
    authorization: Option<String>,
}

impl Store {
    /// The highest number that exists, of those up to `most`. Number 1 must exist.
    async fn highest(&mut self, most: u64, kind: Kind) -> Option<u64> {
        if self.has(most, kind).await? {
            return Some(most);
        }
        let (mut there, mut absent) = (1, most);
        while absent - there > 1 {
            let middle = there + (absent - there) / 2;
            if self.has(middle, kind).await? {
                there = middle;
            } else {
                absent = middle;
            }
        }
        Some(there)
    }

    async fn has(&mut self, number: u64, kind: Kind) -> Option<bool> {
        match kind {
            Kind::Product => self.has_product(number).await,
            Kind::User => self.has_user(number).await,
        }
    }

    /// Whether there is a product with this number or a higher one.
    async fn has_product(&mut self, number: u64) -> Option<bool> {
        let answer = self.get(&format!("/products?after={}&limit=1", number.saturating_sub(1))).await?;
        let page: serde_json::Value = answer.json().ok()?;
        Some(!page.get("products")?.as_array()?.is_empty())
    }

    async fn has_user(&mut self, number: u64) -> Option<bool> {
        match self.get(&format!("/users/{number}")).await?.status {
            StatusCode::OK => Some(true),
            StatusCode::NOT_FOUND => Some(false),
            _ => None,
        }
    }

    async fn get(&mut self, path: &str) -> Option<Answer> {
        let headers: Vec<_> = self.authorization.as_deref().map(|value| ("authorization", value)).into_iter().collect();
        self.connection.send(Method::GET, path, &headers, Bytes::new()).await.ok()
    }
}
