//! The highest-spender report: users by the sum of their orders; users with equal sums by ascending number.

use super::report::{MAX_ROWS, ReportKind, Source};
use crate::db::{DbError, Session};
use crate::wire::HighestSpender;

#[derive(Debug)]
pub(super) struct HighestSpenders;

impl ReportKind for HighestSpenders {
    const NAME: &'static str = "highest_spenders";
    type Row = HighestSpender;

    async fn compute(session: &mut Session, source: Source) -> Result<Vec<HighestSpender>, DbError> {
        let rows = match source {
            Source::Scan => session.scan_highest_spenders(MAX_ROWS).await?,
            Source::ReadModel => session.kept_highest_spenders(MAX_ROWS).await?,
        };
        Ok(rows.into_iter().map(|(user_id, total_expense)| HighestSpender { user_id, total_expense }).collect())
    }
}
