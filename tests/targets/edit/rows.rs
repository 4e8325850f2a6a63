//! Rows: what cannot be edited, and what becomes of objects that somebody changed.
