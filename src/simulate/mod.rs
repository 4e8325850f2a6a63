//! **Who, over many clients**: the share of the requests that each variant gets (feature `rand`).
//!
//! A [`Simulation`] decides the requests of many clients, which are drawn from a [`ClientMix`]. Each variant and each
//! reason has a [`Share`]: the exact expected value, the observed value, and the 95 % interval of the observed value.

mod client_mix;
mod samples;
mod share;
mod simulation;

pub use client_mix::{Client, ClientMix};
pub use samples::Samples;
pub use share::Share;
pub use simulation::Simulation;
