//! The best-seller report: products by pieces sold; products with equal sales by ascending number.

use super::report::{MAX_ROWS, ReportKind, Source};
use crate::db::{DbError, Session};
use crate::wire::BestSeller;

#[derive(Debug)]
pub(super) struct BestSellers;

impl ReportKind for BestSellers {
    const NAME: &'static str = "best_sellers";
    type Row = BestSeller;

    async fn compute(session: &mut Session, source: Source) -> Result<Vec<BestSeller>, DbError> {
        let rows = match source {
            Source::Scan => session.scan_best_sellers(MAX_ROWS).await?,
            Source::ReadModel => session.kept_best_sellers(MAX_ROWS).await?,
        };
        Ok(rows.into_iter().map(|(product_id, quantity_sold)| BestSeller { product_id, quantity_sold }).collect())
    }
}
