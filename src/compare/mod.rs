//! **What changes**: whether two policies decide every request alike, with a request for which they do not.
//!
//! [`policies`] answers for every request and every sample, not for a selection of them. [`changes`] lists what a reviewer of
//! a change wants to know: a request for each rule that decides differently, and the share of the requests that goes from one
//! variant to another. [`transitions`] is that share alone.
//!
//! Variants are compared by name: a canary that was moved in the list and kept its name is the same variant, and a canary that was
//! renamed is another one. Two decisions are the same if the names of their variants, their reasons and their `Set-Cookie` values
//! are equal. Policies are compared as [`Selector::new`](crate::Selector::new) compiles them: the tokens in affinity cookies are
//! the names of the variants.
//!
//! All requests that HTTP can carry are compared: header lines of the bytes that an [`http::HeaderValue`] takes, without spaces or
//! tabs at their ends, as [`HeaderLines`](crate::HeaderLines) requires.
//!
//! # How it is proven
//!
//! A policy is a list of rows, each of which is a condition on one header or one cookie, and then the weights. For each name
//! that a row looks at, a search over all values finds which row of the first policy and which row of the second can be the
//! first to match, and the shortest value for each such pair. Exact values are looked up in a tree of their letters, patterns
//! are automata, and the two ways to read cookies are automata too, so that the search tells all values apart that any row
//! tells apart. Values of different names do not depend on each other, so at most two names decide a difference: the one
//! whose row decides in the first policy, and the one whose row decides in the second. Every difference that is found is
//! decided again by both selectors before it is returned. If cookies do influence each other, as in `a=1,b=2`, their names are
//! searched together.

mod bound;
mod changes;
mod comparison;
mod crossing;
mod difference;
mod draw;
mod group;
mod proof;
mod readers;
mod request;
mod rows;
mod search;
mod side;
mod transitions;
mod values;

pub use bound::Bound;
pub use changes::{Changes, changes};
pub use comparison::{Comparison, policies};
pub use difference::{Difference, NamedDecision};
pub use request::{Line, Request};
pub use transitions::{Draw, Transition, Transitions, transitions};
