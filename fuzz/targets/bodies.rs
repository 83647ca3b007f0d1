//! Bodies and headers as values: what is accepted is in range, and what is written is read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storemgr::domain::{Cents, Fingerprint, IdempotencyKey, MAX_LINES, NewOrder, NewProduct, NewUser};
use storemgr::wire::{NewOrderBody, NewProductBody, NewStockBody, NewUserBody};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(body) = serde_json::from_slice::<NewOrderBody>(bytes) {
        order(&body, bytes);
    }
    if let Ok(body) = serde_json::from_slice::<NewProductBody>(bytes)
        && let Ok(product) = NewProduct::new(&body.name, &body.sku, body.price)
    {
        assert!((1..=200).contains(&product.name().chars().count()));
        assert!((1..=64).contains(&product.sku().chars().count()));
        assert!(!product.name().contains(char::is_control) && !product.sku().contains(char::is_control));
        let written = serde_json::to_string(&product.price()).expect("a price is JSON");
        assert_eq!(serde_json::from_str::<Cents>(&written).expect("and read back"), product.price());
    }
    if let Ok(body) = serde_json::from_slice::<NewUserBody>(bytes)
        && let Ok(user) = NewUser::new(&body.name, &body.email)
    {
        assert!(user.email().contains('@') && !user.email().contains(char::is_whitespace));
        // A stored address is accepted again as it is.
        assert_eq!(NewUser::new(user.name(), user.email()).as_ref(), Ok(&user));
    }
    if let Ok(body) = serde_json::from_slice::<NewStockBody>(bytes)
        && let Some(quantity) = body.whole_quantity(bytes)
    {
        let again = format!("{{\"product_id\":1,\"quantity\":{quantity}}}");
        let body: NewStockBody = serde_json::from_str(&again).expect("a whole number is a quantity");
        assert_eq!(body.whole_quantity(again.as_bytes()), Some(quantity));
    }
    if let Ok(key) = IdempotencyKey::parse(bytes) {
        assert!((1..=255).contains(&key.as_str().len()) && key.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(IdempotencyKey::parse(key.as_str().as_bytes()), Ok(key));
    }
});

fn order(body: &NewOrderBody, bytes: &[u8]) {
    let quantities = body.quantities(bytes);
    assert_eq!(quantities.len(), body.items.len());
    let items: Option<Vec<_>> =
        body.items.iter().zip(quantities).map(|(item, pieces)| Some((item.product_id, pieces?))).collect();
    let Some(mut items) = items else { return };
    let order = NewOrder::new(body.user_id, &items);
    items.reverse();
    let reversed = NewOrder::new(body.user_id, &items);
    // Which product a refusal names may differ; whether there is one may not.
    let (Ok(order), Ok(reversed)) = (&order, &reversed) else {
        assert_eq!(order.is_ok(), reversed.is_ok());
        return;
    };
    assert_eq!(Fingerprint::of(order), Fingerprint::of(reversed));
    let lines = order.lines();
    assert!((1..=MAX_LINES).contains(&lines.len()));
    assert!(lines.windows(2).all(|pair| pair[0].product_id < pair[1].product_id), "sorted, one line per product");
    let pieces: u64 = items.iter().map(|(_, pieces)| pieces).sum();
    assert_eq!(lines.iter().map(|line| u64::from(line.quantity.get())).sum::<u64>(), pieces);
}
