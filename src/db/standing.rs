//! Whether a server takes writes, as it says itself, and which group it belongs to.
//!
//! In a group with a single primary the others are read-only. Variables alone do not tell the primary: a member that was
//! restarted takes writes until it joins, and a primary that was cut off takes statements until it notices. So the view of
//! the group decides: the server must be the primary in it, and reach the majority.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row};

use super::servers::Server;

/// The query, in one line because it is sent together with other statements.
pub(super) fn query() -> String {
    one_line(include_str!("../../sql/setup/standing.sql"))
}

fn one_line(sql: &str) -> String {
    let lines = sql.lines().map(str::trim);
    lines.filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ")
}

/// Error numbers of an account that may not read the members of the group: the table, its columns.
const NOT_SHOWN: [u16; 2] = [1142, 1143];

/// Whether the query failed because the account may not see the members. What was sent before it was done.
pub(super) fn is_hidden(error: &Error) -> bool {
    matches!(error, Error::Server(error) if NOT_SHOWN.contains(&error.code))
}

/// What a server says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The first of its variables that forbids writes.
    read_only: Option<&'static str>,
    /// Its own identity, by which it finds itself among the members.
    uuid: String,
    members: Vec<Member>,
    /// It is set up for a group whose members the account may not see. Such a server takes writes after a restart, before it
    /// joins, and nothing else would tell.
    hidden: bool,
}

/// A member of a group, as one of them sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    uuid: String,
    host: String,
    port: u16,
    state: String,
    role: String,
}

/// Variables of the query that forbid writes.
const FORBID: [&str; 3] = ["read_only", "super_read_only", "offline_mode"];

impl Standing {
    /// Reads the answer of the query.
    pub(super) fn of(row: &Row) -> Self {
        let text = |name: &str| row.get_opt::<Option<String>, _>(name).and_then(Result::ok).flatten();
        let is_on = |name: &&&str| text(name).is_some_and(|value| value != "0" && value != "OFF");
        let members = text("members").map(|json| members(&json)).unwrap_or_default();
        Self {
            read_only: FORBID.iter().find(is_on).copied(),
            uuid: text("server_uuid").unwrap_or_default(),
            members,
            hidden: text("group_name").is_some_and(|name| !name.is_empty()),
        }
    }

    /// Asks on a connection.
    pub(super) async fn ask(conn: &mut Conn) -> mysql_async::Result<Self> {
        match conn.query_first::<Row, _>(query()).await {
            Err(error) if is_hidden(&error) => Self::ask_without_members(conn).await,
            row => Ok(row?.map(|row| Self::of(&row)).unwrap_or_default()),
        }
    }

    /// Asks for what every account may see.
    pub(super) async fn ask_without_members(conn: &mut Conn) -> mysql_async::Result<Self> {
        let sql = one_line(include_str!("../../sql/setup/standing_without_members.sql"));
        Ok(conn.query_first::<Row, _>(sql).await?.map(|row| Self::of(&row)).unwrap_or_default())
    }

    /// That of a member, for tests.
    #[cfg(test)]
    pub(super) fn of_some_group() -> Self {
        Self { hidden: true, ..Self::default() }
    }

    /// Whether it belongs to a group, in it or not at the moment.
    pub(super) fn is_grouped(&self) -> bool {
        self.hidden || !self.members.is_empty()
    }

    /// The addresses of all members that it sees.
    pub(super) fn members(&self) -> impl Iterator<Item = Server> {
        let named = self.members.iter().filter(|member| !member.host.is_empty() && member.port > 0);
        named.map(|member| Server::new(member.host.clone(), member.port))
    }

    /// Why it does not take writes; nothing if it does.
    pub(super) fn obstacle(&self) -> Option<String> {
        // First, because the primary, which a read-only member would name, stays unknown as well.
        if self.hidden {
            return Some(
                "it is set up for a group whose members the account does not see: \
                 GRANT SELECT ON performance_schema.replication_group_members to it"
                    .to_owned(),
            );
        }
        if let Some(variable) = self.read_only {
            return Some(format!("{variable} is on"));
        }
        if !self.is_grouped() {
            return None;
        }
        let Some(own) = self.members.iter().find(|member| member.uuid == self.uuid) else {
            return Some("it has left its group".to_owned());
        };
        if own.state != "ONLINE" {
            return Some(format!("its state in its group is {}", own.state));
        }
        if own.role != "PRIMARY" {
            return Some("it is not the primary of its group".to_owned());
        }
        let reached = self.members.iter().filter(|member| member.state != "UNREACHABLE").count();
        (reached * 2 <= self.members.len()).then(|| "it does not reach the majority of its group".to_owned())
    }
}

/// The members from the list that the server makes; a place that cannot be read is left out.
fn members(json: &str) -> Vec<Member> {
    type Place = (String, String, Option<u16>, String, String);
    let places: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let places = places.into_iter().filter_map(|place| serde_json::from_value::<Place>(place).ok());
    places
        .map(|(uuid, host, port, state, role)| Member { uuid, host, port: port.unwrap_or_default(), state, role })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(read_only: Option<&'static str>, places: &[(&str, &str)]) -> Standing {
        let member = |(index, &(state, role)): (usize, &(&str, &str))| Member {
            uuid: index.to_string(),
            host: "db".to_owned(),
            port: 1 + index as u16,
            state: state.to_owned(),
            role: role.to_owned(),
        };
        let members = places.iter().enumerate().map(member).collect();
        Standing { read_only, uuid: "0".to_owned(), members, hidden: false }
    }

    #[test]
    fn only_the_primary_that_reaches_the_majority_takes_writes() {
        let (primary, secondary) = (("ONLINE", "PRIMARY"), ("ONLINE", "SECONDARY"));
        let gone = ("UNREACHABLE", "SECONDARY");
        for (read_only, places, obstacle) in [
            (None, &[][..], None),
            (Some("read_only"), &[], Some("read_only is on")),
            (None, &[primary, secondary, secondary], None),
            (None, &[primary, secondary, gone], None),
            (None, &[primary], None),
            (None, &[primary, gone, gone], Some("it does not reach the majority of its group")),
            (None, &[primary, gone], Some("it does not reach the majority of its group")),
            (Some("super_read_only"), &[secondary, primary], Some("super_read_only is on")),
            // Between the promotion of another member and the variable, and while a member waits to join.
            (None, &[secondary, primary, secondary], Some("it is not the primary of its group")),
            (None, &[("OFFLINE", "")], Some("its state in its group is OFFLINE")),
            (None, &[("RECOVERING", "SECONDARY"), primary], Some("its state in its group is RECOVERING")),
            (None, &[("ERROR", "")], Some("its state in its group is ERROR")),
        ] {
            assert_eq!(standing(read_only, places).obstacle().as_deref(), obstacle, "{places:?}");
        }
        let mut stranger = standing(None, &[primary]);
        stranger.uuid = "another".to_owned();
        assert_eq!(stranger.obstacle().as_deref(), Some("it has left its group"));
    }

    #[test]
    fn a_server_of_a_group_whose_members_are_hidden_is_not_used() {
        for read_only in [None, Some("read_only")] {
            let hidden = Standing { read_only, ..Standing::of_some_group() };
            assert!(hidden.is_grouped());
            assert!(hidden.obstacle().is_some_and(|obstacle| obstacle.contains("GRANT SELECT")), "{hidden:?}");
        }
    }

    #[test]
    fn members_are_read_and_those_without_an_address_are_not_asked() {
        let json = r#"[["u-1","db1",3306,"ONLINE","PRIMARY"],["","",null,"OFFLINE",""],["broken"]]"#;
        let standing = Standing { uuid: "u-1".to_owned(), members: members(json), ..Standing::default() };
        assert_eq!(standing.members().collect::<Vec<_>>(), [Server::new("db1", 3306)]);
        assert_eq!((standing.members.len(), standing.obstacle()), (2, None));
        assert!(members("no json").is_empty());
    }

    #[test]
    fn the_query_is_one_line_without_remarks() {
        let sql = query();
        assert!(
            !sql.contains('\n') && !sql.contains("--") && sql.contains("/*!80000 @@GLOBAL.super_read_only"),
            "{sql}"
        );
    }
}
