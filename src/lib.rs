//! A canary traffic policy as a value: describe it once, decide with it, translate it, and never lose a part of it
//! silently.
//!
//! A canary is a version under trial that gets some of the requests: a share of all, those with a header or a cookie,
//! or both. This crate is for programs that handle such policies: operators that keep one in a custom resource, proxies
//! that choose a variant for each request, and tools that check manifests or translate them.
//!
//! ```
//! use canary_policy::targets::nginx::{self, Prefix};
//! use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Sample, Selector, Total, Variant};
//!
//! // 5 of 1000 requests go to the canary, and so does every request with the header `x-canary: always`.
//! let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
//! let policy = Policy::new([canary], Total::new(1000)?)?;
//!
//! // Decide: a request and 64 random bits in, a variant and a reason out.
//! let selector = Selector::new(&policy);
//! let decision = selector.select(&[("X-Canary", "always")], Sample::from_bits(0x9e37_79b9_7f4a_7c15));
//! assert_eq!((decision.variant, decision.reason), (Variant::Canary(0), Reason::Header));
//! let decision = selector.select(&(), Sample::from_fraction(5, 1000)?);
//! assert_eq!((decision.variant, decision.reason), (Variant::Stable, Reason::Weight));
//!
//! // Translate: `exact` returns an error if a part of the policy is lost.
//! let annotations = nginx::annotations(&policy, &Prefix::default()).exact()?;
//! assert_eq!(annotations.canary["nginx.ingress.kubernetes.io/canary-by-header"], "x-canary");
//!
//! // Constructors refuse what is not valid. Their errors name the field, the value and the bound.
//! let error = Policy::percent(101).unwrap_err();
//! assert_eq!(error.to_string(), "canaries[0].weight: 101 is more than the total 100");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The picture
//!
//! ```text
//! Spec ──► policy ──┬──► select     Selector ─► Decision { variant, reason, … }    WHO    one request, in process
//!          WHAT     │    simulate   Simulation ─► Share                            WHO    many clients
//!                   │    compare    two policies ─► Comparison                     WHAT CHANGES
//!                   │
//!          route ───┴──► targets    function ─► Conversion { output, losses }      HOW    for something that routes
//!          WHERE
//!
//! annotations, routes ─► targets::*::read ─► Reading { policy, findings, … }
//! Ingresses, Services ─► targets::nginx::Cluster ─► virtual hosts; lint ─► findings
//! virtual hosts before and after ─► migrate::verify ─► answers                     MOVED  proven, or a request that differs
//! ```
//!
//! * [`policy`] is **what**: weights, header rules, cookie rules and affinity.
//! * [`select`] is **who**: the variant that answers a request. The same request and [`Sample`] always give the same
//!   [`Decision`].
//! * `simulate` (feature `rand`) is **who, over many clients**: the share of the requests that each variant gets.
//! * [`compare`] is **what changes**: a proof that two policies decide every request alike, or a request that they decide
//!   differently.
//! * [`route`] is **where**: the hosts and paths that the policy applies to, and the backend of each variant. A virtual host is all
//!   that one host serves, with several policies or none.
//! * [`targets`] is **how**: a policy and a route in the language of ingress-nginx, the Gateway API, Istio, Linkerd,
//!   Gloo or Envoy, or as numbers of pods. A part of a policy that a target cannot express is a [`Loss`]. Objects and
//!   annotations are read back to a policy and to findings, which say what was left out and what was assumed. All Ingresses of a
//!   cluster together are read, and linted, by [`targets::nginx::Cluster`].
//! * [`migrate`] is **moving**: a proof that virtual hosts answer every request as others did before, or a request that they answer
//!   differently.
//! * [`error`] has every error, each with a code, a severity and a field for programs; [`codes`] says what each code means.
//!
//! A policy has the meaning that ingress-nginx, controller 1.15.1, gives to its canary annotations. A policy can also
//! express what annotations cannot, such as several canaries. The crate reads no clock, no random numbers and no files:
//! time and chance are arguments. [`design`] has the reasons.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `serde` (default) | [`Spec`], [`Policy`] and [`Route`] in YAML, JSON or a custom resource; reports of losses, findings and errors |
//! | `schemars` | JSON schemas of these types; those of [`Spec`] and [`RouteSpec`](route::RouteSpec) are legal inside a Kubernetes CRD, with bounds and rules that refuse nearly all that the check refuses |
//! | `k8s-openapi` | [`targets::nginx::Ingress`] from and to the `Ingress` of `k8s-openapi` 0.29, and Services from its `Service`; your binary turns on a version feature of that crate, such as `v1_33` |
//! | `k8s-openapi-0-28`, `k8s-openapi-0-27`, `k8s-openapi-0-26` | the same for older versions, beside each other if need be |
//! | `rand` | [`Sample`]s from a generator, and `simulate` |
//! | `proptest` | strategies that generate policies, specs with one mistake, requests that the rules of a policy look at, routes and virtual hosts |
//! | `arbitrary` | the same from the bytes of a fuzzer |
//!
//! Public dependencies are re-exported: [`http`], and `k8s_openapi`, `schemars`, `rand`, `proptest` and `arbitrary` with their
//! features. The minimum Rust version is 1.85; `k8s-openapi` 0.29 and `proptest` 1.12 need 1.88 themselves.
//!
//! # Limits
//!
//! A value beyond a limit is an error that names the limit. A target has narrower limits of its own, which are in the
//! documentation of its module; a part of a policy beyond one of them is a [`Loss`].
//!
//! | what | limit | reason |
//! |---|---|---|
//! | weight, total | 0 and 1 to 4,294,967,295 | a sample of 64 bits is exact for totals of 32 bits |
//! | canaries | [1,000](Policy::MAX_CANARIES) | a decision may try the rules of all of them |
//! | items of a list in the schema of a CRD | 64 | rules in CEL that compare all pairs; an API server bounds their cost |
//! | cost of a pattern | [512](Pattern::MAX_COST) | less than 16 ms for each KB of a value, whoever sent it |
//! | cost of all patterns | [4,096](Policy::MAX_PATTERN_COST) | 128 ms for each KB; 16 MiB for a selector, 32 MiB for each thread |
//! | length of a pattern, of an exact value | [4,096](Pattern::MAX_LEN) bytes | a header match of the Gateway API |
//! | nested groups of a pattern | 100 | PCRE refuses more than 250; no stack can overflow |
//! | repetitions in a pattern | 1,000, nested ones multiplied | RE2 refuses more |
//! | size of a pattern in PCRE | 65,000 bytes | PCRE 8 refuses more than 65,535 |
//! | compiled size of a pattern | 1 MiB | memory; the cost is the narrower limit but for large classes |
//! | name of a canary | 63 characters | a DNS label |
//! | name of a header or cookie | 256 bytes | a header match of the Gateway API |
//! | revision, token | 63 characters | a label of Kubernetes |
//! | salt | 256 bytes | a salt is a name, not a document |
//! | path, domain of a cookie | 1,024 and 253 characters | browsers ignore longer paths; a DNS name |
//! | age of a cookie | 4,294,967,295 s | 136 years; browsers keep a cookie for 400 days |
//! | problems in a message | 20 | a message is for people; [`InvalidPolicy::problems`] has all |
//! | value in a message | 80 characters | the same; the message has the length |
//! | name of a route or namespace, host | 253 and 63, 253 characters | names of Kubernetes objects, DNS names |
//! | path of a route | 1,024 characters | a path of the Gateway API |
//! | port | 1 to 65,535, or 15 characters | a port of a Service |
//! | [comparison](compare::policies): beginnings of values, and steps, for each name | 32,768 and 16,777,216 | memory and time; beyond it the answer is `Undecided` |
//! | [comparison](compare::policies): keys that are tried for a sample | 65,536 | the same |
//! | line of an [nginx request](targets::nginx::RequestView) | 8,192 bytes | nginx refuses longer lines by default |
//! | clients of a mix, requests of a client | 4,294,967,295 | expected shares are exact in 128 bits |
//! | pods | [1,000,000](targets::replicas::Pods::MAX) | the search tries each number of pods; no cluster has more |
//!
//! # Stability
//!
//! The crate follows semantic versioning. Three kinds of public type can grow in a minor version, and one cannot:
//!
//! * **Values with private fields**, such as [`Policy`], [`Canary`] and [`Route`], get new constructors and accessors.
//! * **Written forms**, which are [`Spec`], [`RouteSpec`](route::RouteSpec) and their parts, can be built as literals and get new
//!   optional fields. End a literal with `..Default::default()`, and a pattern that takes a value apart with `..`.
//! * **Results**, such as [`Decision`], [`Explanation`], [`Loss`] and every error, and the objects of [`targets`] are
//!   `#[non_exhaustive]`. They get new fields and variants. There are three exceptions: [`Conversion`] is always an output and its
//!   losses, [`targets::nginx::Config`] has the fields of the controller's own structure, and [`targets::nginx::Side`] always has
//!   two variants.
//! * **Enums that say what a policy, a route or a decision means** are exhaustive: [`Affinity`],
//!   [`AffinityPrecedence`], [`AffinityScope`], [`SameSite`], [`Match`], [`policy::Key`], [`Variant`], [`Reason`],
//!   [`route::PathType`] and [`route::Port`]. A new variant is a breaking change on purpose: code that matches on such
//!   an enum does not compile until it handles the new variant.
//!
//! Decisions are part of the API. A change of a decision for the same policy, request and sample, of the recipe of
//! [`Salt`] or of the output of a converter is listed in the CHANGELOG under "Decisions changed". Codes of
//! [`Diagnostic`]s and labels of [`Reason`] keep their meaning; the texts of messages may change in any version.
//!
//! [`Salt`]: select::Salt

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod compare;
pub mod error;
pub mod migrate;
mod names;
pub mod policy;
pub mod route;
#[cfg(feature = "schemars")]
mod schema;
pub mod select;
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub mod simulate;
pub mod targets;

/// The crate of the trait by which a fuzzer makes policies.
#[cfg(feature = "arbitrary")]
#[cfg_attr(docsrs, doc(cfg(feature = "arbitrary")))]
pub use arbitrary;
#[doc(inline)]
pub use compare::Comparison;
#[doc(inline)]
pub use error::{Diagnostic, Invalid, InvalidPolicy};
/// The crate of header names and values, as in [`HeaderRule::name`] and [`Decision::set_cookie`].
pub use http;
/// The crate of the objects that [`targets::nginx::Ingress`] and [`targets::nginx::Service`] are converted from and to.
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use k8s_openapi;
/// Version 0.26 of [`k8s_openapi`].
#[cfg(feature = "k8s-openapi-0-26")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi-0-26")))]
pub use k8s_openapi_0_26;
/// Version 0.27 of [`k8s_openapi`].
#[cfg(feature = "k8s-openapi-0-27")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi-0-27")))]
pub use k8s_openapi_0_27;
/// Version 0.28 of [`k8s_openapi`].
#[cfg(feature = "k8s-openapi-0-28")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi-0-28")))]
pub use k8s_openapi_0_28;
#[doc(inline)]
pub use policy::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CookieAffinity, CookieRule, HeaderRule, KeyAffinity, Match,
    Pattern, Policy, SameSite, Spec, Total, Variant,
};
/// The crate of the strategies in [`policy::strategy`].
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub use proptest;
/// The crate of the generators that [`Sample::from_rng`] takes.
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use rand;
#[doc(inline)]
pub use route::Route;
/// The crate of the trait that gives [`Spec`] a JSON schema.
#[cfg(feature = "schemars")]
#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
pub use schemars;
#[doc(inline)]
pub use select::{Decision, Explanation, HeaderLines, Reason, Sample, Selector, Sequence};
#[doc(inline)]
pub use targets::{Conversion, Loss};

#[doc = include_str!("../DESIGN.md")]
pub mod design {}

#[doc = include_str!("../CODES.md")]
pub mod codes {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../COOKBOOK.md")]
struct Cookbook;
