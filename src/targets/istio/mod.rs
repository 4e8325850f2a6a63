//! Istio: VirtualService and DestinationRule of `networking.istio.io/v1`, as of Istio 1.31 (istio/api `b8f8791`,
//! <https://istio.io/latest/docs/reference/config/networking/virtual-service/>,
//! `networking/v1alpha3/virtual_service.proto`; admission: istio/istio `pkg/config/validation`; translation to Envoy:
//! `pilot/pkg/networking/core/route/route.go`).
//!
//! * Rules are tried in the order of the list, and the first rule that matches decides. No match is more specific than
//!   another, and a rule without a match hides every rule after it, so the split by weight is the last rule.
//! * A prefix is compared character by character: the path prefix `/cart` of a route is written as exactly `/cart` or the
//!   prefix `/cart/`. A path that another path of the route covers is not written, because Istio warns about such a match.
//! * A virtual host is one VirtualService, because Istio promises no order between several of one host. Its rules are in the
//!   order in which the locations decide.
//! * Every rule of a policy has every path of the policy, in one object. An object that is too large for etcd is an error.
//! * A cookie is matched by a regular expression on the `cookie` header. A regular expression has the syntax of RE2, matches
//!   the whole value, and has 1 to 1024 bytes and at most 32768 instructions, which is Istio's setting of Envoy's limit.
//! * An affinity cookie is set by a `set-cookie` header that is added to the responses of a destination, and read by rules
//!   before or after the other rules. `consistentHash` is not written: it has no influence on which destination is chosen, and
//!   chooses only among the pods of that destination.
//! * Weights are parts of their sum, up to 2147483647. Istio 1.14 and older versions require weights that add up to 100, which a
//!   parameter asks for. A destination without a share is left out, and a single destination
//!   has no weight: it gets every request, whatever its weight is.
//! * A Service in another namespace is named by its full DNS name.
//! * A destination has a port number: without one, Istio routes to the port that the request came to, which the Service need not
//!   have.
//! * A header that a gateway overwrites or removes before it routes, such as `x-forwarded-for`, is not matched: the rule is a loss.
//! * A VirtualService without a Gateway is for the sidecars of the mesh. Sidecars do not accept the host `*`, so the host is
//!   then the name of stable's Service.
//! * Somebody's object is edited in place: `with_policy` puts a policy into the rules that lead to stable, and `without_policy`
//!   takes it out again. The rules that are made for conditions come directly in front of the rule that they are made of.

mod destinations;
#[cfg(feature = "serde")]
mod edit;
#[cfg(feature = "serde")]
mod edited_rule;
mod header_match;
mod hosts;
mod objects;
mod params;
mod read;
mod refused;
mod subsets;
mod write;

#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use edit::{OWNED_FIELDS, apply_configuration, merge_patch, with_policy, without_policy};
pub use objects::{
    Destination, DestinationRule, DestinationRuleSpec, HeaderOperations, Headers, HostObjects, HttpDestination,
    HttpMatch, HttpRoute, Objects, PortSelector, StringMatch, Subset, VirtualService, VirtualServiceSpec,
};
pub use params::VirtualServiceParams;
pub use read::{read, read_hosts};
pub use write::{virtual_service, virtual_service_of_host};
