//! Clusters: recorded states of the real controller, the facts behind them, and laws.

mod facts;
pub mod laws;
mod objects;
mod policy;
mod recorded;
