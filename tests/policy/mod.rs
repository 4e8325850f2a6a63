//! **What**: policies, their specs and schema, and patterns.

mod laws;
mod lenient;
mod limits;
mod pattern;
mod schema;
mod spec;
mod strategy;
mod value;
