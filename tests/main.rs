//! The promises of the crate. The modules are the rooms of `src`, so that the test of a rule is where the rule is.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic,
    clippy::incompatible_msrv // The tests need a newer Rust than the library.
)]

/// The rooms of `src`: which room may use which, and the first lines of a file.
mod architecture;
/// **What changes**: two policies compared, against brute force.
mod compare;
/// Codes, fields and messages of errors, losses and findings.
mod error;
/// The examples, run as programs.
mod examples;
/// **Moving**: verified migrations, recorded requests, and other controllers.
mod migrate;
/// Software of others: RE2, PCRE and nginx say what the crate says.
mod oracles;
/// **What**: specs, patterns, the schema, and the values of a policy.
mod policy;
/// **Where**: the values of a route, and routes in JSON.
mod route;
/// **Who**: rules, cookies, affinity, samples and decisions.
mod select;
/// **Who, over many clients**: expected and observed shares.
mod simulate;
/// **How**: every target, written and read.
mod targets;
/// The vocabulary: policies from YAML, requests, outcomes, and how each target routes.
mod util;
