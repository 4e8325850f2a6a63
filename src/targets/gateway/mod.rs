//! Kubernetes Gateway API: HTTPRoute and GRPCRoute of `gateway.networking.k8s.io/v1`, as of version 1.6.1
//! (<https://gateway-api.sigs.k8s.io/reference/1.6/spec/>, `apis/v1/httproute_types.go`).
//!
//! * The most specific match decides, wherever it is listed; among equally specific matches the first one decides. Therefore
//!   all rules of one policy are in one object and have the same paths, and all of them but the last, which is the split, have one
//!   header in each match. The rules before the last one are then equally specific, and their order decides.
//! * An object has at most 16 rules, 64 matches in one rule, 128 matches in all and 16 hosts. A route that needs more becomes
//!   several objects, each with a part of the paths: a request has one path, so the objects do not compete. So does a virtual host
//!   with several policies.
//! * A backend in another namespace needs a `ReferenceGrant` in the namespace of its Service, which is a loss.
//! * A cookie is matched by a regular expression on the `Cookie` header. The Gateway API leaves the meaning of
//!   `RegularExpression` to the implementation. Implementations built on Envoy, and Linkerd, match whole values; the others do
//!   so because every regular expression is written with anchors.
//! * Most implementations are built on Envoy. Unless [`RouteParams`] say otherwise, a regular expression that Envoy refuses by
//!   default is a loss, and so is a rule on a header that an Envoy gateway overwrites or removes before it routes, such as
//!   `x-forwarded-for`, and a `%` in an affinity cookie.
//! * No match is written twice: Cilium splits the requests between two equal matches.
//! * A host `*.example.com` matches any number of labels. In a route the `*` is one label, so such a host is a loss.
//! * An affinity cookie is set by a `ResponseHeaderModifier` on a rule, or on the backends of a rule that has several (support:
//!   extended), and read by matches before or after the other rules. What an [`Implementation`] says that it does not support is a
//!   loss. If none is given, what not all of them support is a [`FeatureNote`].
//!   `sessionPersistence` is not written: it is experimental, its shape changed three times,
//!   and implementations built on Envoy do not pin the choice of a variant with it.
//! * A backend without a share is left out, and a single backend has no weight: some implementations send all requests to a
//!   single backend of weight 0.
//! * Somebody's object is edited in place: `with_policy` puts a policy into the rules that lead to stable, and `without_policy`
//!   takes it out again. The rules that are made for conditions come last: they have one more header than the rule that they are
//!   made of, so they decide before it, and among equally specific matches somebody's own rule decides.

mod cookie_filters;
mod destinations;
#[cfg(feature = "serde")]
mod edit;
#[cfg(feature = "serde")]
mod edit_checks;
#[cfg(feature = "serde")]
mod edited_rule;
mod feature;
mod header_match;
mod implementation;
mod method;
mod objects;
mod params;
mod read;
mod read_hosts;
mod reference_grant;
mod refused;
#[cfg(feature = "serde")]
mod route_match;
mod route_objects;
mod write;
mod writer;

#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use edit::{OWNED_FIELDS, apply_configuration, check_other_routes, merge_patch, with_policy, without_policy};
pub use feature::{Feature, FeatureNote};
pub use implementation::{Implementation, Proxy, Support};
pub use objects::{
    BackendRef, Filter, GrpcMatch, GrpcRoute, Header, HeaderMatch, HeaderModifier, HttpMatch, HttpRoute, MethodMatch,
    ParentRef, PathMatch, Rule, Spec,
};
pub use params::RouteParams;
pub use read::read;
pub(super) use read::{check_kinds, parsed_rules};
pub use read_hosts::{read_hosts, read_objects};
pub use reference_grant::{GrantFrom, GrantSpec, GrantTo, ReferenceGrant};
pub(super) use refused::report_refused;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use route_match::RouteMatch;
pub use route_objects::RouteObjects;
pub use write::{grpc_routes, grpc_routes_of_host, http_routes, http_routes_of_host};
pub(super) use writer::{Part, Writer, backend_ref, fits, one_object_for_several};
