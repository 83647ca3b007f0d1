//! One file per operation. Each handler reads the call, calls a business rule and writes the answer.

pub(super) mod add_product;
pub(super) mod add_user;
pub(super) mod best_sellers;
pub(super) mod change_product;
pub(super) mod delete_order;
pub(super) mod delete_product;
pub(super) mod delete_user;
pub(super) mod find_order;
pub(super) mod find_product;
pub(super) mod find_stock;
pub(super) mod find_user;
pub(super) mod graphql;
pub(super) mod graphql_of_the_lab;
pub(super) mod highest_spenders;
pub(super) mod list_products;
pub(super) mod list_user_orders;
pub(super) mod metrics;
pub(super) mod move_stock;
pub(super) mod open_api;
pub(super) mod place_order;
pub(super) mod ready;
pub(super) mod set_stock;
pub(super) mod stock_overview;

use super::call::Call;
use super::error::ApiError;
use crate::read_models::MAX_ROWS;

/// The number of rows in a report when the request gives none.
const DEFAULT_ROWS: u64 = 10;

/// Reads the requested number of rows of a report.
fn report_rows(call: &Call) -> Result<u32, ApiError> {
    Ok(call.number("limit", DEFAULT_ROWS, 1, u64::from(MAX_ROWS))? as u32)
}
