//! The whole product against real services: one target, so that the harness is compiled once.
//!
//! The database is the one that `TEST_DATABASE_URL` names (mysql://user:password@host:port, an account that may create
//! databases), or a private MariaDB that is started for the run. Every test has a database of its own. What only uses a
//! Redis takes the one that `TEST_REDIS_URL` names (redis://host:port, emptied first); what breaks one starts its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]
#![allow(clippy::expect_used, reason = "a test that cannot go on should panic")]
#![allow(clippy::missing_panics_doc, reason = "tests panic")]
#![allow(unreachable_pub, reason = "one binary")]

/// The HTTP contract, request by request.
mod contract;
/// `storemgr deploy-check`: each check fails for its own reason.
mod deploy_check;
/// `.env.example`: every variable of a deployment stands there and is explained.
mod deployment_files;
/// TLS to the database and to Redis.
mod encryption;
/// `--language fr`: no sentence is left in English.
mod french;
/// A MySQL group of three whose members fail, under load.
mod group;
/// Databases, instances, a proxy that breaks: what tests are written in.
mod harness;
/// `storemgr serve --health-check`: ready, not ready, nobody there.
mod health_check;
/// Services whose words try to steer a terminal.
mod hostile_services;

/// `loadtest --observe` and `report --explain`: causes brought about on purpose.
mod explain;
/// The documents against the code: layers, circles, metrics.
mod house_rules;

/// `storemgr lab`: the ladder on a small scale, interrupted, resumed, broken.
mod lab;

/// The front: TLS, whose addresses are believed, what one client may send.
mod front;
/// `storemgr loadtest`: a server that is known, and what the tool says of it.
mod loadtest;
mod loadtest_scenario;
/// `monitoring/`: rules, dashboard and runbook against the metrics that are declared.
mod monitoring;
/// `nginx/nginx.conf`: what is sent to a second instance, and what is not.
mod nginx;
/// What the store promises, under concurrency and faults.
mod promises;

/// Prometheus and the store behind TLS and a token.
mod secured;
/// `storemgr seed`: the rows it promises, what it refuses, what a stop leaves behind.
mod seed;
/// Redis whose master changes.
mod sentinel;

/// `storemgr report`: a real Prometheus, and counts that are known.
mod report;
/// `report` across restarts of an instance.
mod report_restarts;
/// `storemgr stack`: real processes, killed, repaired, taken back.
mod stack;
