//! **What**: policies, their specs and schema, and patterns.

mod laws;
mod pattern;
mod schema;
mod spec;
mod value;
