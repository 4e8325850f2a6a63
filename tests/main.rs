//! What the crate promises, by room.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod architecture;
mod error;
mod examples;
mod policy;
mod route;
mod select;
mod simulate;
mod targets;
mod util;
