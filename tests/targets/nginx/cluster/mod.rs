//! Clusters: recorded states of the real controller, the facts behind them, and laws.

mod facts;
mod laws;
mod policy;
mod recorded;
