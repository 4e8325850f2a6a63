//! The examples, run as a person runs them.

mod decide;
mod render;
mod replay;
mod simulate;
