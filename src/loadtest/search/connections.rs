//! Asks a service how many database connections it has open, by the metrics of a store.

use std::time::Duration;

use hyper::Method;

use crate::net::{Target, Way, request_by};

/// The time limit of an answer. A service under load may be slow, and the search goes on without.
const LIMIT: Duration = Duration::from_secs(5);

/// The beginning of the lines with the connections by state.
const METRIC: &str = "storemgr_db_connections{";

/// The state of a connection that a request left open and that no other will use.
const LINGERING: &str = "state=\"lingering\"";

/// The database connections of all instances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Connections {
    /// Those that are open.
    pub(super) open: f64,
    /// The part of them that was left open by requests that have ended.
    pub(super) lingering: f64,
}

/// The connections of all instances; `None` if one of them does not tell them.
pub(super) async fn connections(instances: &[Target], way: &Way) -> Option<Connections> {
    let mut sum = None;
    for instance in instances {
        let answer = request_by(instance, way, Method::GET, "/metrics", &[], Vec::new(), LIMIT).await.ok()?;
        let told = answer.status.is_success().then(|| Connections::parse(&answer.text()))??;
        let Connections { open, lingering } = sum.unwrap_or_default();
        sum = Some(Connections { open: open + told.open, lingering: lingering + told.lingering });
    }
    sum
}

impl Connections {
    /// Adds up the states; `None` if the text has no such metric.
    fn parse(text: &str) -> Option<Self> {
        let mut told = None;
        for line in text.lines().filter(|line| line.starts_with(METRIC)) {
            let count = line.rsplit(' ').next()?.parse::<f64>().ok()?;
            let Self { open, lingering } = told.unwrap_or_default();
            let more = if line.contains(LINGERING) { count } else { 0.0 };
            told = Some(Self { open: open + count, lingering: lingering + more });
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_summed_up_over_their_states() {
        let text = "# HELP storemgr_db_connections Open.\nstoremgr_db_connections{state=\"idle\"} 12\n\
                    storemgr_db_connections{state=\"lingering\"} 3\nstoremgr_db_connections_failed{a=\"b\"} 99\n";
        assert_eq!(Connections::parse(text), Some(Connections { open: 15.0, lingering: 3.0 }));
        assert_eq!(Connections::parse("up 1\n"), None);
    }
}
