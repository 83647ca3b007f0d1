//! The store on a MySQL group of three: the primary is killed, frozen, cut off and moved under load, and the independent
//! ledger of the promises is held against every member. `ops/group` runs these tests; they need a real MySQL, and root for
//! the members' networks.

/// A hundred faults, by name.
mod faults;
/// Orders from many clients, and what they were told when.
mod load;
/// One address before the group, by name.
mod router;
/// Each kind of fault once.
mod short;

use load::Load;

use crate::harness::{Group, Instance, TestDatabase, wait_until};

const STOCK: u64 = 50_000_000;

/// A fault of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The primary's process is killed.
    Kill,
    /// The primary stands still for longer than the others wait, and comes back believing.
    Freeze,
    /// The primary does not reach the others any more; the store and its clients still reach it.
    CutOff,
    /// The primary's cable is pulled.
    Unplug,
    /// The group is told to use another primary.
    Move,
    /// A secondary is killed.
    KillSecondary,
}

const FAULTS: [Fault; 6] =
    [Fault::Kill, Fault::Move, Fault::Freeze, Fault::CutOff, Fault::Unplug, Fault::KillSecondary];

/// A store on a group, with two products.
struct Shop {
    group: Group,
    database: TestDatabase,
    products: [u64; 2],
    users: Vec<u64>,
}

impl Shop {
    async fn open(name: &'static str) -> Self {
        let group = Group::start(name).await;
        let database = TestDatabase::migrated_on_group(&group).await;
        let instance = Instance::start(&database, &[]).await;
        let products = [instance.product(2.50, STOCK).await, instance.product(2.50, STOCK).await];
        let users = vec![instance.user().await, instance.user().await, instance.user().await];
        Self { group, database, products, users }
    }

    /// Brings a fault about, waits until the group has a primary again, and until the store has accepted an order there.
    async fn suffer(&mut self, fault: Fault, load: &Load) {
        let primary = self.group.next_primary(usize::MAX).await.0;
        let next = (primary + 1) % self.group.size();
        let begun = std::time::Instant::now();
        match fault {
            Fault::Kill => self.group.signal(primary, "KILL"),
            Fault::Freeze => self.group.signal(primary, "STOP"),
            Fault::CutOff => self.group.cut_off(primary, true),
            Fault::Unplug => self.group.unplug(primary, true),
            Fault::Move => self.group.move_to(next).await,
            Fault::KillSecondary => self.group.signal(next, "KILL"),
        }
        let seen = match fault {
            Fault::KillSecondary => begun,
            _ => self.group.next_primary(primary).await.1,
        };
        let accepted = load.first_after(seen).await;
        load.tell(fault, begun, seen, accepted);
        match fault {
            Fault::Freeze => self.group.signal(primary, "CONT"),
            Fault::CutOff => self.group.cut_off(primary, false),
            Fault::Unplug => self.group.unplug(primary, false),
            Fault::Kill | Fault::Move | Fault::KillSecondary => {}
        }
        // A primary that comes back believing is left alone for a while, so that it can do harm.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        self.group.bring_back(if fault == Fault::KillSecondary { next } else { primary }).await;
        load.first_after(std::time::Instant::now()).await;
    }

    /// Ends the load and holds the ledger against every member.
    async fn settle(&self, load: Load) {
        load.tell_waits();
        let ledger = load.end().await;
        wait_until("the members to be at rest", async || self.group.primary().await.is_some()).await;
        self.database.settled().await;
        self.group.caught_up().await;
        for index in 0..self.group.size() {
            let member = self.database.at_member(&self.group, index);
            ledger.audit(&member, &[(self.products[0], STOCK), (self.products[1], STOCK)]).await;
        }
        let (accepted, unknown) = (ledger.accepted(), ledger.unknown());
        eprintln!(
            "{accepted} orders accepted, {unknown} attempts without an answer, 0 lost, 0 doubled, on every member"
        );
        assert!(accepted > 100, "{accepted} orders were accepted");
    }
}
