//! How the service was reached: what the parts of a request took, the addresses, protocol and TLS.

use super::statistics::{dashed, shown};
use crate::run_result::{LatencySummary, RunResult};
use crate::table::{Align, Table};
use crate::units::{self, Language};
use crate::{say, text};

/// Takes one of the times out of a summary.
type Figure = fn(&LatencySummary) -> f64;

/// What the parts of good answers took; None without one.
pub(super) fn phases(summary: &RunResult, language: Language) -> Option<Table> {
    let phases = &summary.transport.phases;
    if phases.first_byte.count == 0 {
        return None;
    }
    let columns = [text!("# times"), "50%", "90%", "95%", "99%", "99.9%", "100%"];
    let mut header = vec![(text!("Phase"), Align::Left)];
    header.extend(columns.map(|column| (column, Align::Right)));
    let mut table = Table::new(text!("Phases of good answers, one after the other, in milliseconds"), &header);
    for (name, phase) in phases.named().into_iter().filter(|(_, phase)| phase.count > 0) {
        let figures: [(u64, Figure); 6] =
            [(2, |t| t.p50), (10, |t| t.p90), (20, |t| t.p95), (100, |t| t.p99), (1_000, |t| t.p99_9), (1, |t| t.max)];
        let times = phase.latency_ms.as_ref();
        let times = figures.map(|(enough, figure)| dashed(times.filter(|_| phase.count >= enough).map(figure), shown));
        table.row([language.text(name).to_owned(), units::count(phase.count)].into_iter().chain(times));
    }
    Some(table)
}

/// What became of each address; None if there is only one and nothing of note.
pub(super) fn addresses(summary: &RunResult, language: Language) -> Option<Table> {
    let addresses = &summary.transport.addresses;
    if addresses.len() < 2 && addresses.iter().all(|address| address.failed_attempts == 0) {
        return None;
    }
    let columns = [
        (text!("Address"), Align::Left),
        (text!("# connections"), Align::Right),
        (text!("Share"), Align::Right),
        (text!("# requests"), Align::Right),
        (text!("# failed attempts"), Align::Right),
        (text!("First failure"), Align::Left),
    ];
    let mut table = Table::new(text!("Addresses of the service"), &columns);
    let all: u64 = addresses.iter().map(|address| address.connections).sum();
    for address in addresses {
        table.row([
            address.address.clone(),
            units::count(address.connections),
            units::percent(units::ratio(address.connections, all)),
            units::count(address.requests),
            units::count(address.failed_attempts),
            address.why.as_deref().map(|why| language.retold(why)).unwrap_or_default(),
        ]);
    }
    Some(table)
}

/// The sizes of bodies on the wire and after they were decoded; None if none was decoded.
pub(super) fn sizes(summary: &RunResult) -> Option<Table> {
    summary.aggregated.average_decoded_bytes?;
    let columns = [
        (text!("Type"), Align::Left),
        (text!("Name"), Align::Left),
        (text!("On the wire"), Align::Right),
        (text!("Decoded"), Align::Right),
    ];
    let mut table = Table::new(text!("Mean size of a body, in bytes"), &columns);
    for route in summary.routes.iter().chain([&summary.aggregated]) {
        let size = |bytes: Option<f64>| dashed(bytes, |bytes| units::count(bytes.round() as u64));
        let sizes = [route.average_body_bytes, route.average_decoded_bytes].map(size);
        table.row([route.method.clone(), route.route.clone()].into_iter().chain(sizes));
    }
    Some(table)
}

/// Protocol and TLS as rows of the environment.
pub(super) fn environment(summary: &RunResult, language: Language) -> Vec<(&'static str, String)> {
    let transport = &summary.transport;
    let mut rows = Vec::new();
    if !transport.protocol.is_empty() {
        let shared = match transport.streams {
            0 | 1 => String::new(),
            users => {
                say!(language, ", up to {users} users on a connection", users = language.count(u64::from(users)))
            }
        };
        rows.push((text!("Protocol"), format!("{}{shared}", transport.protocol)));
    }
    if !transport.tls_handshakes.is_empty() {
        let suites =
            transport.tls_handshakes.iter().map(|(suite, count)| format!("{suite} ({})", language.count(*count)));
        let unchecked = language.text(text!("; the certificate was not checked"));
        let checked = if transport.insecure { unchecked } else { "" };
        let suites = suites.collect::<Vec<_>>().join("; ");
        let resumed = language.count(transport.tls_resumed);
        rows.push((
            text!("TLS handshakes"),
            say!(language, "{suites}; {resumed} resumed{checked}", suites, resumed, checked),
        ));
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run_result::{AddressSummary, PhaseSummary, example_run};
    use crate::stats::Latencies;

    fn times(millis: impl IntoIterator<Item = u64>) -> PhaseSummary {
        let mut times = Latencies::default();
        millis.into_iter().for_each(|millis| times.record(Duration::from_millis(millis)));
        PhaseSummary::of(&times)
    }

    #[test]
    fn phases_that_took_place_are_shown_in_their_order() {
        let mut run = example_run();
        assert!(phases(&run, Language::English).is_none());
        run.transport.phases.connect = times([1]);
        run.transport.phases.first_byte = times(1..=20);
        run.transport.phases.last_byte = times([2; 20]);
        insta::assert_snapshot!(phases(&run, Language::English).unwrap().render(Some(100), false), @"
        Phases of good answers, one after the other, in milliseconds
         Phase          # times  50%  90%  95%  99%  99.9%  100%
        ─────────────────────────────────────────────────────────
         connect              1    -    -    -    -      -   1.0
         to first byte       20   10   18   19    -      -    20
         to last byte        20  2.0  2.0  2.0    -      -   2.0
        ");
    }

    #[test]
    fn every_address_is_shown_when_there_are_several_or_one_did_not_connect() {
        let mut run = example_run();
        let address = |address: &str, connections, failed_attempts| AddressSummary {
            address: address.to_owned(),
            connections,
            failed_attempts,
            requests: connections * 100,
            why: (failed_attempts > 0).then(|| "connection refused".to_owned()),
        };
        run.transport.addresses = vec![address("127.0.0.1:80", 10, 0)];
        assert!(addresses(&run, Language::English).is_none());
        run.transport.addresses.push(address("127.0.0.2:80", 0, 5));
        insta::assert_snapshot!(addresses(&run, Language::English).unwrap().render(Some(100), false), @"
        Addresses of the service
         Address       # connections     Share  # requests  # failed attempts  First failure
        ──────────────────────────────────────────────────────────────────────────────────────────
         127.0.0.1:80             10  100.00 %       1,000                  0
         127.0.0.2:80              0    0.00 %           0                  5  connection refused
        ");
    }

    #[test]
    fn sizes_are_shown_where_a_body_was_decoded() {
        let mut run = example_run();
        assert!(sizes(&run).is_none());
        run.routes.truncate(2);
        run.routes[1].average_decoded_bytes = Some(1_234.5);
        run.aggregated.average_decoded_bytes = Some(1_234.5);
        insta::assert_snapshot!(sizes(&run).unwrap().render(Some(100), false), @"
        Mean size of a body, in bytes
         Type  Name                          On the wire  Decoded
        ──────────────────────────────────────────────────────────
         POST  /orders                                40        -
         GET   /orders/reports/best-sellers           40    1,235
               Aggregated                             40    1,235
        ");
    }

    #[test]
    fn versions_ciphers_and_what_was_not_checked_are_told() {
        let mut run = example_run();
        assert_eq!(environment(&run, Language::English), []);
        run.transport.protocol = "HTTP/2".to_owned();
        run.transport.streams = 100;
        run.transport.tls_handshakes.insert("TLS 1.3, AES_256_GCM_SHA384".to_owned(), 1_200);
        (run.transport.tls_resumed, run.transport.insecure) = (3, true);
        let tls = "TLS 1.3, AES_256_GCM_SHA384 (1,200); 3 resumed; the certificate was not checked";
        let rows = [("Protocol", "HTTP/2, up to 100 users on a connection"), ("TLS handshakes", tls)];
        assert_eq!(environment(&run, Language::English), rows.map(|(name, value)| (name, value.to_owned())));
    }
}
