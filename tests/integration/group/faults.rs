//! A hundred faults at random, of the group and of the instances, under one load. `GROUP_FAULTS` sets another number.

use rand::RngExt;

use super::load::Load;
use super::{FAULTS, Shop};

async fn suffer_many(writer: &str, count: usize) {
    let mut shop = Shop::open("faults").await;
    let load = Load::begin(&shop, &["--order-writer", writer]).await;
    for number in 1..=count {
        let choice = rand::rng().random_range(0..FAULTS.len());
        eprint!("{number}: ");
        if number % 5 == 0 {
            load.replace_instance(number % 2, &shop, &["--order-writer", writer]).await;
        }
        shop.suffer(FAULTS[choice], &load).await;
    }
    shop.settle(load).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "an hour: ops/group faults runs it"]
async fn a_hundred_faults_lose_and_double_nothing() {
    let count = std::env::var("GROUP_FAULTS").map_or(100, |text| text.parse().unwrap());
    let writer = std::env::var("GROUP_WRITER").unwrap_or_else(|_| "group-commit".to_owned());
    suffer_many(&writer, count).await;
}
