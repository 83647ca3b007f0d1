//! `order-round-trip`: an order through nginx is accepted, can be read, gets the same answer on repeat, and can be
//! deleted.
//!
//! It leaves the store as it was: whichever step fails, the order and the user made for it are deleted again. It needs
//! a product with stock and does not create one, because customers would see that product.

use hyper::Method;
use rand::RngExt;
use serde_json::{Value, json};

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::{RunningDeployment, refusal};
use crate::net::Target;
use crate::wire::{IDEMPOTENCY_KEY, JSON};

pub(crate) const CHECK: Check = Check {
    id: "order-round-trip",
    expected: "an order through nginx is accepted, readable on every instance, the same on repeat, and gone when deleted",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// The most products that are searched for one with stock.
const CANDIDATES: u32 = 100;

/// The result of a step; the error is a sentence.
type Step<T> = Result<T, String>;

struct Client<'a> {
    deployment: &'a RunningDeployment,
    front: &'a Target,
}

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let client = Client { deployment, front: deployment.front_target()? };
    // front-reaches-instances reports a front that does not answer at all.
    if deployment.get(client.front, "/health-check").await.is_err() {
        return Err(CheckOutcome::skip("nginx does not answer", "see front-reaches-instances"));
    }
    if !deployment.instances.is_empty() && deployment.answering("/ready").await.is_empty() {
        return Err(CheckOutcome::skip("no instance is ready", "see instances-ready"));
    }
    let advice = "the instances' logs say more; look for the latest request ids";
    let product = match any_product_with_stock(&client).await {
        Ok(Some(product)) => product,
        Ok(None) => {
            // An empty or sold-out store is not broken.
            let seen = format!("not tried: none of the first {CANDIDATES} products has stock");
            return Ok(CheckOutcome::warn(seen, "fill the store with `storemgr seed`, or set stock with POST /stocks"));
        }
        Err(reason) => return Ok(CheckOutcome::fail(reason, advice)),
    };
    let user = match client.make_user().await {
        Ok(user) => user,
        Err(reason) => return Ok(CheckOutcome::fail(reason, advice)),
    };
    let result = client.order_and_take_back(user, product).await;
    let cleaned = client.send(Method::DELETE, &format!("/users/{user}"), &[], None, 200).await;
    match result.and_then(|seen| cleaned.map(|_| seen)) {
        Ok(seen) => Ok(CheckOutcome::pass(seen)),
        Err(reason) => Ok(CheckOutcome::fail(reason, advice)),
    }
}

/// The id and price of a product with stock, asked through nginx and then from each instance: if one instance has an
/// empty database of its own, the store must not count as empty.
async fn any_product_with_stock(client: &Client<'_>) -> Step<Option<(u64, f64)>> {
    let instances = client.deployment.answering("/ready").await;
    for front in std::iter::once(client.front).chain(instances) {
        let found = Client { front, ..*client }.product_with_stock().await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

impl Client<'_> {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        expected: u16,
    ) -> Step<Value> {
        let step = format!("{method} {path}");
        let mut all = vec![("content-type", JSON)];
        all.extend_from_slice(headers);
        let body = body.map(ToString::to_string).unwrap_or_default().into_bytes();
        let answer = self.deployment.request(self.front, method, path, &all, body).await;
        let answer = answer.map_err(|error| format!("{step}: {error}"))?;
        if answer.status.as_u16() != expected {
            return Err(format!("{step}: {}", refusal(&answer)));
        }
        answer.json().map_err(|_| format!("{step}: the answer is not JSON"))
    }

    async fn get(&self, path: &str) -> Step<Value> {
        self.send(Method::GET, path, &[], None, 200).await
    }

    /// The id and the price of the first product with stock; `None` if none of the first [`CANDIDATES`] has any.
    async fn product_with_stock(&self) -> Step<Option<(u64, f64)>> {
        let page = self.get(&format!("/products?limit={CANDIDATES}")).await?;
        for product in page["products"].as_array().into_iter().flatten() {
            let (Some(id), Some(price)) = (product["id"].as_u64(), product["price"].as_f64()) else { continue };
            if self.stock(id).await? > 0 {
                return Ok(Some((id, price)));
            }
        }
        Ok(None)
    }

    async fn stock(&self, product: u64) -> Step<u64> {
        let stock = self.get(&format!("/stocks/{product}")).await?;
        stock["quantity"].as_u64().ok_or_else(|| format!("GET /stocks/{product}: no quantity in {stock}"))
    }

    async fn make_user(&self) -> Step<u64> {
        let email = format!("deploy-check-{:016x}@example.invalid", rand::rng().random::<u64>());
        let body = json!({"name": "deploy-check", "email": email});
        let made = self.send(Method::POST, "/users", &[], Some(&body), 201).await?;
        made["user_id"].as_u64().ok_or_else(|| format!("POST /users: no user_id in {made}"))
    }

    async fn order_and_take_back(&self, user: u64, (product, price): (u64, f64)) -> Step<String> {
        let body = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
        let key = format!("deploy-check-{:032x}", rand::rng().random::<u128>());
        let headers = [(IDEMPOTENCY_KEY, key.as_str())];
        let placed = self.send(Method::POST, "/orders", &headers, Some(&body), 201).await?;
        let order = placed["order_id"].as_u64().ok_or_else(|| format!("POST /orders: no order_id in {placed}"))?;
        let looked = self.look_at(order, product, price, &placed, &headers, &body).await;
        let deleted = self.send(Method::DELETE, &format!("/orders/{order}"), &[], None, 200).await;
        looked?;
        deleted?;
        match self.send(Method::GET, &format!("/orders/{order}"), &[], None, 404).await {
            Ok(_) => Ok(format!("order {order} of product {product} was taken, read, repeated and taken back")),
            Err(reason) => Err(format!("order {order} was deleted and is still there: {reason}")),
        }
    }

    /// Checks the order as nginx and every instance return it, and the answer to a repeat of the request.
    async fn look_at(
        &self,
        order: u64,
        product: u64,
        price: f64,
        placed: &Value,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Step<()> {
        let read = self.get(&format!("/orders/{order}")).await?;
        let lines = json!([{"product_id": product, "quantity": 1, "unit_price": price}]);
        if read["items"] != lines
            || read["total_amount"] != placed["total_amount"]
            || read["total_amount"] != json!(price)
        {
            return Err(format!("GET /orders/{order}: {read} is not what was ordered"));
        }
        for instance in self.deployment.answering("/ready").await {
            let own = self.deployment.get(instance, &format!("/orders/{order}")).await;
            own.map_err(|reason| format!("{instance} does not know the order {order} that nginx took: {reason}"))?;
        }
        let repeated = self.send(Method::POST, "/orders", headers, Some(body), 201).await?;
        if repeated["order_id"] != placed["order_id"] {
            let other = repeated["order_id"].as_u64().unwrap_or_default();
            drop(self.send(Method::DELETE, &format!("/orders/{other}"), &[], None, 200).await);
            return Err(format!("the same Idempotency-Key was answered with order {order} and then with {other}"));
        }
        Ok(())
    }
}
