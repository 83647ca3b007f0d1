//! storemgr: a store back end that does not collapse under load, and the laboratory that proves it.
//!
//! The modules stand in layers; each imports only from layers below its own (the table is in ARCHITECTURE.md, and a
//! test holds the imports against it). This file declares the modules and nothing else.

// Layer 0: pure values, the declared metrics, number formats.
pub mod domain;
pub mod metrics;
pub mod units;

// Layer 1: the HTTP contract, histograms, tables, pages, files, outgoing HTTP, process life.
pub mod files;
pub mod net;
pub mod page;
pub mod process;
pub mod stats;
pub mod table;
pub mod wire;

// Layer 2: adapters to MySQL, Redis and Prometheus; what watches a service from outside.
pub mod cache;
pub mod db;
pub mod observe;
pub mod promql;

// Layer 3: the business rules; what a load test came to.
pub mod catalog;
pub mod orders;
pub mod read_models;
pub mod run_result;

// Above it: what explains a run.
pub mod explain;

// Layer 4: the edges.
pub mod deploy_check;
pub mod http;
pub mod loadtest;
pub mod report;
pub mod seed;
pub mod stack;

// Layer 5: a composition of the tools below.
pub mod lab;
