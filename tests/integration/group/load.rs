//! Orders from many clients, each with a key and sent again until it is accepted, and what they were told when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Fault, Shop};
use crate::harness::{Instance, wait_until};
use crate::promises::ledger::Ledger;

/// So many clients order at the same time.
const CLIENTS: usize = 12;

/// Pause of a client that was refused.
const PAUSE: Duration = Duration::from_millis(50);

/// The most that may pass from the new primary to the first order.
const LONGEST: Duration = Duration::from_secs(10);

/// A load that runs.
pub(super) struct Load {
    ledger: Arc<Ledger>,
    told: Arc<Told>,
    clients: Vec<tokio::task::JoinHandle<()>>,
    instances: Arc<Instances>,
}

/// The instances; one that was killed is replaced.
type Instances = Vec<Mutex<Arc<Instance>>>;

#[derive(Default)]
struct Told {
    ended: AtomicBool,
    /// When an order was sent, when it was answered, and whether it was accepted.
    answers: Mutex<Vec<(Instant, Instant, bool)>>,
    /// From each fault to a primary, and from there to the first order.
    waits: Mutex<Vec<(Duration, Duration)>>,
}

impl Load {
    /// Starts two instances and the clients.
    pub(super) async fn begin(shop: &Shop, options: &[&str]) -> Self {
        let mut instances = Vec::new();
        for _ in 0..2 {
            instances.push(Mutex::new(Arc::new(Instance::start(&shop.database, options).await)));
        }
        let (instances, ledger, told) = (Arc::new(instances), Arc::new(Ledger::default()), Arc::new(Told::default()));
        let [first, second] = shop.products;
        let clients = (0..CLIENTS).map(|client| {
            let (instances, ledger, told) = (Arc::clone(&instances), Arc::clone(&ledger), Arc::clone(&told));
            let items = [json!({"product_id": first, "quantity": 1}), json!({"product_id": second, "quantity": 2})];
            let body = json!({"user_id": shop.users[client % 3], "items": items});
            tokio::spawn(async move {
                let mut number = 0_usize;
                while !told.ended.load(Ordering::SeqCst) {
                    let instance = Arc::clone(&instances[(client + number) % 2].lock().unwrap());
                    let instance = instance.as_ref();
                    let key = format!("{client}-{number}");
                    let sent = Instant::now();
                    // Every fourth client sends no key, and does not repeat what may have been stored.
                    let placed = match client % 4 {
                        3 => ledger.order_without_key(instance, &body).await,
                        _ => ledger.order(instance, &key, &body).await,
                    };
                    told.answers.lock().unwrap().push((sent, Instant::now(), placed.is_some()));
                    match placed {
                        Some(_) => number += 1,
                        None => tokio::time::sleep(PAUSE).await,
                    }
                }
            })
        });
        let clients = clients.collect();
        Self { ledger, told, clients, instances }
    }

    /// Waits until an order was accepted that was answered after this instant; gives the instant of its answer.
    pub(super) async fn first_after(&self, instant: Instant) -> Instant {
        let mut found = None;
        wait_until("an order to be accepted", async || {
            let answers = self.told.answers.lock().unwrap();
            let later = answers.iter().filter(|(_, answered, accepted)| *accepted && *answered > instant);
            found = later.map(|(_, answered, _)| *answered).min();
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// Tells what a fault did: how long the group had no primary, how long the store took after it had one, and how many
    /// attempts were refused for how long.
    pub(super) fn tell(&self, fault: Fault, begun: Instant, primary: Instant, accepted: Instant) {
        let answers = self.told.answers.lock().unwrap();
        let refused: Vec<_> =
            answers.iter().filter(|(_, at, good)| !good && *at > begun).map(|(_, at, _)| *at - begun).collect();
        let after = accepted.saturating_duration_since(primary);
        eprintln!(
            "{fault:?}: a primary after {:.1} s, an order {} ms later; {} attempts refused, from {:.1} to {:.1} s",
            (primary - begun).as_secs_f64(),
            after.as_millis(),
            refused.len(),
            refused.iter().min().map_or(0.0, Duration::as_secs_f64),
            refused.iter().max().map_or(0.0, Duration::as_secs_f64),
        );
        if fault != Fault::KillSecondary {
            self.told.waits.lock().unwrap().push((primary - begun, after));
        }
        assert!(after < LONGEST, "{fault:?}: the first order came {after:?} after the new primary");
    }

    /// Tells how the waits of all faults that took the primary away were distributed.
    pub(super) fn tell_waits(&self) {
        let (mut primary, mut order): (Vec<_>, Vec<_>) = self.told.waits.lock().unwrap().iter().copied().unzip();
        for (what, waits) in [("to a primary", &mut primary), ("from there to the first order", &mut order)] {
            waits.sort();
            let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).or(waits.last());
            let seconds = |share| at(share).map_or(f64::NAN, Duration::as_secs_f64);
            eprintln!(
                "{} faults, {what}: least {:.3} s, median {:.3} s, p90 {:.3} s, longest {:.3} s",
                waits.len(),
                seconds(0.0),
                seconds(0.5),
                seconds(0.9),
                seconds(1.0),
            );
        }
    }

    /// Kills an instance and starts another one in its place, which is ready when the group has a primary.
    pub(super) async fn replace_instance(&self, index: usize, shop: &Shop, options: &[&str]) {
        let killed = Arc::clone(&self.instances[index].lock().unwrap());
        killed.signal("KILL");
        let next = Instance::start_with(&shop.database.variables(), options).await;
        *self.instances[index].lock().unwrap() = Arc::new(next);
    }

    /// Ends the load when each client has its last answer.
    pub(super) async fn end(self) -> Arc<Ledger> {
        self.told.ended.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.unwrap();
        }
        self.ledger
    }
}
