//! One file per operation, all alike: read the call, ask a business rule, write the answer.

pub(super) mod add_product;
pub(super) mod add_user;
pub(super) mod best_sellers;
pub(super) mod delete_order;
pub(super) mod delete_product;
pub(super) mod delete_user;
pub(super) mod find_order;
pub(super) mod find_product;
pub(super) mod find_stock;
pub(super) mod find_user;
pub(super) mod highest_spenders;
pub(super) mod list_products;
pub(super) mod metrics;
pub(super) mod open_api;
pub(super) mod place_order;
pub(super) mod ready;
pub(super) mod set_stock;
pub(super) mod stock_overview;

use super::call::Call;
use super::error::ApiError;
use crate::read_models::MAX_ROWS;

/// The rows of a report when the request does not say.
const DEFAULT_ROWS: u64 = 10;

/// How many rows of a report are asked for.
fn report_rows(call: &Call) -> Result<u32, ApiError> {
    Ok(call.number("limit", DEFAULT_ROWS, 1, u64::from(MAX_ROWS))? as u32)
}

/// A JSON number that is a whole number from 0, exactly: neither `1.5` nor `-1` nor more than a float can count.
fn whole_number(number: f64) -> Option<u64> {
    /// 2^53: up to here every whole number is a float.
    const MOST: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=MOST).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::whole_number;

    #[test]
    fn only_whole_numbers_count() {
        assert_eq!([0.0, 1.0, 1e3].map(whole_number), [Some(0), Some(1), Some(1000)]);
        for number in [-1.0, 1.5, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(whole_number(number), None, "{number}");
        }
    }
}
