//! Strategies for `proptest` that generate policies, specs and requests (feature `proptest`).
//!
//! Use them in the property tests of code that takes a policy; [`route::strategy`](crate::route::strategy) has routes and
//! virtual hosts. With the feature `arbitrary` they also generate from the bytes of a fuzzer. `any::<Policy>()` generates every
//! kind of policy, and [`PolicyParams`] restrict it, for example to what the annotations of ingress-nginx express. A failing
//! policy shrinks: to fewer canaries, and to the smallest weights with which the test still fails.
//!
//! ```
//! use canary_policy::policy::strategy::{PolicyParams, policy_with, request};
//! use canary_policy::{Match, Policy, Sample, Selector};
//! use proptest::prelude::*;
//!
//! /// Somebody else's router, which knows one canary, and header rules on `always` and on values.
//! fn goes_to_canary(policy: &Policy, headers: &[(String, String)], point: u32) -> bool {
//!     let canary = &policy.canaries()[0];
//!     for (name, value) in headers {
//!         match canary.header().filter(|rule| rule.name() == name.as_str()).map(|rule| rule.value_match()) {
//!             Some(Match::AlwaysNever) if value == "always" => return true,
//!             Some(Match::Exact(exact)) if value == exact => return true,
//!             _ => {}
//!         }
//!     }
//!     point < canary.weight()
//! }
//!
//! let params = PolicyParams::ingress_nginx().without_affinity();
//! let cases = policy_with(&params).prop_flat_map(|policy| (Just(policy.clone()), request(&policy), 0..policy.total().get()));
//! let result = proptest::test_runner::TestRunner::deterministic().run(&cases, |(policy, headers, point)| {
//!     let sample = Sample::from_fraction(point, policy.total().get()).unwrap();
//!     let decision = Selector::new(&policy).select(&headers[..], sample);
//!     prop_assert_eq!(goes_to_canary(&policy, &headers, point), decision.variant.index().is_some());
//!     Ok(())
//! });
//! // The router knows neither `never` nor patterns nor cookie rules.
//! assert!(result.is_err());
//! ```

mod affinity;
#[cfg(feature = "arbitrary")]
mod bytes;
mod params;
mod policies;
mod requests;
mod rules;
mod specs;
mod texts;

#[cfg(feature = "arbitrary")]
pub(crate) use bytes::by_strategy;
#[cfg(feature = "arbitrary")]
#[cfg_attr(docsrs, doc(cfg(feature = "arbitrary")))]
pub use bytes::from_bytes;
pub use params::PolicyParams;
pub use policies::{policy, policy_with};
pub use requests::request;
pub use specs::{Defect, nearly_valid_spec, spec};
