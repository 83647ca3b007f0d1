//! Generates products with plausible names, unique stock keeping units and usual prices.

use super::draws::{Draws, Stream};
use super::words::{KINDS, ProductKind, SERIES};
use crate::domain::{Cents, Product, ProductId};

/// Factors on the usual price, in thousandths: steps of about 8 %, as many up as down. The product of several factors is
/// nearly log-normal: most prices are close to the usual one, and a few are far above.
const STEPS: [u64; 7] = [794, 857, 926, 1_000, 1_080, 1_167, 1_260];

/// The number of factors in a price. It gives a standard deviation of 0.38 in the logarithm within a kind.
const STEPS_PER_PRICE: u32 = 6;

/// The product with this number. It depends on the seed and the number alone.
pub(super) fn product(seed: u64, id: u64) -> Product {
    let mut draws = Draws::new(seed, Stream::Product, id);
    let (kind, price) = kind_at_price(&mut draws);
    let make = draws.pick(kind.makes);
    let variant = draws.pick(kind.variants);
    let name = if draws.percent(60) {
        format!("{} {make} {}, {variant}", draws.pick(SERIES), kind.noun)
    } else {
        capitalised(&format!("{make} {}, {variant}", kind.noun))
    };
    Product { id: ProductId::new(id), name, sku: format!("{}-{id:06}", kind.code), price }
}

/// The price of the product with this number, without generating its name.
pub(super) fn price(seed: u64, id: u64) -> Cents {
    kind_at_price(&mut Draws::new(seed, Stream::Product, id)).1
}

/// The kind and the price. These choices are drawn first, so that the price can be computed without the others.
fn kind_at_price(draws: &mut Draws) -> (&'static ProductKind, Cents) {
    let kind = &KINDS[draws.below(KINDS.len() as u64) as usize];
    let step = |cents: u64, _| (cents * STEPS[draws.below(STEPS.len() as u64) as usize]).div_ceil(1_000);
    let cents = (0..STEPS_PER_PRICE).fold(kind.usual_cents, step);
    let whole = (cents / 100).max(1);
    let price = match draws.below(100) {
        0..55 => whole * 100 - 1,
        55..75 => whole * 100 + 50,
        _ => whole * 100,
    };
    (kind, Cents::new(price))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::NewProduct;

    fn products(count: u64) -> Vec<Product> {
        (1..=count).map(|id| product(1, id)).collect()
    }

    #[test]
    fn products_read_like_a_catalog() {
        let lines: Vec<_> = products(6).iter().map(|p| format!("{}  {}  {}", p.sku, p.price, p.name)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        HOM-000001  7.00  Möwe cotton tea towel, lilac
        KIT-000002  20.99  Hytte stoneware bowl, white
        GAR-000003  25.99  Cast-iron watering can, 3 l
        CLO-000004  49.00  Cotton jumper, M
        FUR-000005  144.99  Rhône copper floor lamp, lilac
        KIT-000006  17.99  Nordby porcelain bowl, sand
        ");
    }

    #[test]
    fn the_store_itself_would_accept_every_one_as_it_is() {
        for product in products(20_000) {
            let new = NewProduct::new(&product.name, &product.sku, product.price).unwrap();
            assert_eq!((new.name(), new.sku()), (&*product.name, &*product.sku));
        }
    }

    #[test]
    fn stock_keeping_units_are_unique_and_names_nearly_so() {
        let products = products(10_000);
        let skus: BTreeSet<_> = products.iter().map(|product| &product.sku).collect();
        let names: BTreeSet<_> = products.iter().map(|product| &product.name).collect();
        assert_eq!(skus.len(), 10_000);
        assert!(names.len() > 7_500, "{}", names.len());
    }

    #[test]
    fn prices_end_as_shops_end_them_and_are_far_from_uniform() {
        let mut cents: Vec<u64> = products(10_000).iter().map(|product| product.price.get()).collect();
        let ending = |wanted| cents.iter().filter(|&&cents| cents % 100 == wanted).count();
        assert!((5_300..5_700).contains(&ending(99)), "{}", ending(99));
        assert!((1_800..2_200).contains(&ending(50)), "{}", ending(50));
        assert_eq!(ending(99) + ending(50) + ending(0), 10_000);
        cents.sort_unstable();
        let (least, median, most) = (cents[0], cents[5_000], cents[9_999]);
        let mean = cents.iter().sum::<u64>() / 10_000;
        assert!(least >= 99 && most > 50_000, "{least} {most}");
        // Skewed to the right, as a log-normal distribution is: the mean lies well above the median.
        assert!((2_500..4_500).contains(&median) && mean > median * 13 / 10, "{median} {mean}");
    }

    #[test]
    fn another_seed_is_another_catalog() {
        assert_ne!(product(1, 1), product(2, 1));
        assert_eq!(product(1, 1), product(1, 1));
        assert!((1..100).all(|id| product(1, id).price == price(1, id)));
    }
}
