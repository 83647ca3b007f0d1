//! placeholder
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    pub(crate) products: u64,
    pub(crate) users: u64,
}

impl Mix {
    pub(crate) fn order(self, random: &mut Pcg64Mcg) -> (u64, Vec<(u64, u64)>) {
        let user = random.random_range(1..=self.users);
        let lines = if self.products == 1 || random.random_bool(0.7) { 1 } else { 3 };
        let mut lines: Vec<(u64, u64)> =
            (0..lines).map(|_| (random.random_range(1..=self.products), random.random_range(1..=3))).collect();
        lines.sort_unstable();
        lines.dedup_by_key(|line| line.0);
        (user, lines)
    }
}
