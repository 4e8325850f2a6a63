//! **What changes** between two policies: the comparison and its proofs.

/// Every pair of policies of a grammar, against every request up to a length.
mod brute_force;
/// The answers and their words, by hand.
mod comparison;
/// Generated policies and requests.
mod laws;
/// Each way to read a Cookie line.
mod readers;
/// The shares that go from one variant to another.
mod transitions;
