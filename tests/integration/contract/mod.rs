//! The HTTP contract, request by request, against the real binary.

/// Who may use what.
mod access;
/// Requests that two readers could understand in two ways.
mod ambiguous;
/// A cache that answers and takes nothing.
mod cache;
/// A user's orders, changed products, moved stock, and keys.
mod clients;
/// How a connection ends.
mod closing;
/// Every refusal: its status, its code, its shape.
mod errors;
/// GraphQL.
mod graphql;
/// The guide for clients and the course's collection.
mod guide;
/// Whatever is sent: no defect is reached, and nothing refused is stored.
mod hostile;
/// What one client may take, and what it is told beyond that.
mod limits;
/// A log that cannot be written stops nobody.
mod logging;
/// The memory of an instance, whatever clients send.
mod memory;
/// A client's worst beside another client.
mod neighbours;
/// GET /openapi.json says what is served.
mod openapi;
/// Whoever watches an instance is answered.
mod probes;
/// Every success: its status, its headers, its keys, its money.
mod successes;

/// Every way to run a store; the contract is the same for each.
const WAYS: [&[&str]; 5] = [
    &["--report-cache", "off"],
    &["--order-writer", "batched", "--report-cache", "off"],
    &["--order-writer", "per-item", "--report-source", "scan", "--report-cache", "off"],
    &[
        "--order-writer",
        "batched",
        "--db-connections",
        "per-request",
        "--db-connection-linger",
        "0s",
        "--report-cache",
        "off",
    ],
    &["--order-writer", "per-item", "--db-pool-size", "1", "--report-cache", "off"],
];
