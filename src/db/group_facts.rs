//! The group that a server belongs to, for who looks after it.

use super::{DbError, Session};

/// A group as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// Host and port of each member, and its state, such as `ONLINE`.
    pub members: Vec<(String, String)>,
    /// The value of `group_replication_consistency`.
    pub consistency: String,
}

impl GroupFacts {
    /// Whether a new primary may answer before it has all that was accepted.
    pub fn forgets_at_failover(&self) -> bool {
        self.consistency.eq_ignore_ascii_case("EVENTUAL")
    }
}

impl Session {
    /// The group of the server; `None` if it has none.
    pub async fn group_facts(&mut self) -> Result<Option<GroupFacts>, DbError> {
        let Some(consistency) = self.group_consistency().await? else { return Ok(None) };
        // An account without the right to the members works with a server that is set up for no group.
        let name = "SHOW GLOBAL VARIABLES WHERE Variable_name = 'group_replication_group_name' AND Value <> ''";
        if self.run_rows::<(String, String)>(name).await?.is_empty() {
            return Ok(None);
        }
        let sql = "SELECT CONCAT(MEMBER_HOST, ':', COALESCE(MEMBER_PORT, 0)), MEMBER_STATE \
                   FROM performance_schema.replication_group_members ORDER BY MEMBER_HOST, MEMBER_PORT";
        let members: Vec<_> = self.run_rows(sql).await?;
        // MySQL 9 has the setting without a group as well.
        Ok((!members.is_empty()).then_some(GroupFacts { members, consistency }))
    }
}
