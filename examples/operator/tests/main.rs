//! The operator against a stand-in for an API server: see `api`.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod api;
mod change;
mod conflict;
mod crd;
mod create;
mod pages;
mod permissions;
mod removal;
mod restart;
mod rollback;
mod scale;
mod status;
mod util;
