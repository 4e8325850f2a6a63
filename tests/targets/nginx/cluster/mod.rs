//! Clusters: recorded states of the real controller, the facts behind them, and laws.

mod recorded;
