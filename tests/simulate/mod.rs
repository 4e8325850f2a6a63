//! **Who, over many clients**: the expected and the observed share of each variant.

mod client_mix;
mod samples;
mod simulation;
