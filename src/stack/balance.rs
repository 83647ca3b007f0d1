//! The balancing policies of nginx, by which it chooses the instance for a request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How nginx chooses the instance for a request (ngx_http_upstream_module).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// The instance with the fewest requests in progress. A slow instance keeps its requests longer, and so gets fewer.
    #[default]
    LeastConn,
    /// One instance after the other.
    RoundRobin,
    /// By the client's address: all requests of one address go to the same instance. nginx uses the first three bytes of an
    /// IPv4 address, so that everybody on one machine, and behind one router, is one client.
    IpHash,
    /// Any of them.
    Random,
}

impl Balance {
    /// All policies, the one of a deployment first.
    pub const ALL: [Self; 4] = [Self::LeastConn, Self::RoundRobin, Self::IpHash, Self::Random];

    /// The name, as nginx has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeastConn => "least_conn",
            Self::RoundRobin => "round_robin",
            Self::IpHash => "ip_hash",
            Self::Random => "random",
        }
    }

    /// The policy of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// The directive in nginx's `upstream` block. Round robin is what nginx does without one.
    pub(super) fn directive(self) -> String {
        match self {
            Self::RoundRobin => String::new(),
            other => format!("{};", other.name()),
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_read_by_its_name_and_stored_under_it() {
        for policy in Balance::ALL {
            assert_eq!(Balance::parse(policy.name()), Some(policy));
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.name());
        }
        assert_eq!(Balance::parse("fair"), None);
    }
}
