//! **Who**: which variant answers a request, decided in process.
//!
//! A [`Selector`] is a compiled [`Policy`](crate::Policy). It takes the header lines of a request and a [`Sample`], and
//! returns a [`Decision`]: the same input always gives the same decision. A sample is a point in [0, 1) that the
//! weights are compared with. The sample comes from the caller's random number generator, from a key with a [`Salt`],
//! or from a [`Sequence`].

mod affinity;
mod cookies;
mod decision;
mod explanation;
mod header_lines;
mod key_sample;
mod name_set;
mod rules;
mod salt;
mod sample;
mod selector;
mod sequence;
mod weights;
mod words;

pub use decision::{Decision, Reason};
pub use explanation::{Explanation, Step};
pub use header_lines::HeaderLines;
pub use name_set::NameSet;
pub use salt::Salt;
pub use sample::Sample;
pub use selector::Selector;
pub use sequence::Sequence;
