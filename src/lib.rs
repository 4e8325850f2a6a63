//! A canary traffic policy as a value: describe it once, decide with it, translate it, and never lose a part of it
//! silently.
//!
//! ```text
//!                      ┌────────► select    Selector ─► Decision { variant, reason, … }      WHO, per request, in process
//! Spec ──► policy ─────┤
//!                      └────────► targets   function ─► Conversion { output, losses }        HOW, for something that routes
//! ```
//!
//! * [`policy`] says **what**: weights, header and cookie rules and affinity, valid by construction.
//! * [`select`] says **who**: one request and one [`Sample`] in, one [`Decision`] out, the same each time.
//! * [`targets`] says **how**: the same policy for whatever routes, and people's manifests read back.
//!
//! The meaning is that of ingress-nginx, controller 1.15.1, as it really behaves, widened where it cannot say something.
//! The crate reads no clock, rolls no dice and opens nothing: time and chance are arguments.
//!
//! ```
//! use canary_policy::{Policy, Reason, Sample, Selector, Variant};
//! use http::HeaderMap;
//!
//! let policy = Policy::percent(30)?;
//! let selector = Selector::new(&policy);
//!
//! // 12 of 100 is below 30: the canary. 30 of 100 is not.
//! let decision = selector.select(&HeaderMap::new(), Sample::from_fraction(12, 100)?);
//! assert_eq!((decision.variant, decision.reason), (Variant::Canary(0), Reason::Weight));
//! let decision = selector.select(&HeaderMap::new(), Sample::from_fraction(30, 100)?);
//! assert_eq!(decision.variant, Variant::Stable);
//!
//! assert_eq!(Policy::percent(101).unwrap_err().to_string(), "canaries[0].weight: 101 is more than the total 100");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The reasons behind the shape are in [`design`].

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod error;
pub mod policy;
pub mod select;
pub mod targets;

#[doc(inline)]
pub use error::{Invalid, InvalidPolicy};
#[doc(inline)]
pub use policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieRule, HeaderRule, KeyAffinity, Match, Pattern, Pins,
    Policy, SameSite, Spec, Total, Variant,
};
#[doc(inline)]
pub use select::{Decision, Explanation, Reason, Request, Sample, Selector, Sequence};
#[doc(inline)]
pub use targets::{Conversion, Loss};

#[doc = include_str!("../DESIGN.md")]
pub mod design {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
