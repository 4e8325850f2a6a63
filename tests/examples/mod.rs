//! The examples, run as a person runs them.

mod bad_input;
mod compare;
mod decide;
mod documented;
mod hostile;
mod migrate;
mod migrate_against;
mod migrate_replay;
mod migrate_report;
mod output;
mod render;
mod replay;
mod simulate;
