//! **Who**: the decision for a request and a sample.

mod affinity;
mod cookies;
mod decision;
mod explanation;
mod header_lines;
mod hot_path;
mod key_hash;
mod laws;
mod rules;
mod sample;
mod sequence;
mod shares;
mod stability;
