//! Linkerd: the HTTPRoutes that [`gateway`](super::gateway) writes, attached to a Service instead of a Gateway, as of
//! edge-26.8.3 (<https://linkerd.io/2-edge/reference/httproute/>) and its proxy, version 2.366 (`linkerd/http/route/src`).
//! This target edits the output of `gateway`, and is the only one that uses another target.
//!
//! Linkerd differs from other implementations of the Gateway API:
//!
//! * The parent is stable's Service, and the canaries' backends are other Services. The hosts of the route are not written: only
//!   clients outside the mesh use them, and clients in the mesh call the Service by its name.
//! * The proxy of the **client** decides. Requests from clients outside the mesh are not split. An ingress controller has to be
//!   in the mesh and to send requests to the Service, not to its pods.
//! * A Service with an HTTPRoute answers nothing else: a request that no rule matches fails. If the paths of the route do not
//!   cover every request, a last rule sends the other requests to stable, unless the [`RouteParams`] say otherwise.
//! * The proxy compares the lengths of paths, and in some versions not their types: exactly `/cart` with one policy and the
//!   prefix `/cart` with another are then equally specific. The number of headers decides, and after it the age and the name of
//!   the object.
//! * Several policies of one Service are several objects, so [`http_routes_of_hosts`] takes all virtual hosts of a cluster
//!   together. Locations that lead alike share rules, and the rule for other requests is written once for each Service.
//! * A backend in another namespace needs no `ReferenceGrant`: the policy controller does not look for one (linkerd2 `0407cc5`,
//!   `policy-controller/k8s/index/src/outbound/index/http.rs`).
//! * A rule on the header `host` matches no HTTP/2 request that has only an `:authority`.
//! * A backend without a ready pod gets no request, and its share goes to the other backends: clients see no errors from a
//!   broken canary.
//! * A `ServiceProfile` of the Service disables its HTTPRoutes.
//! * An HTTPRoute in the namespace of the Service is for all clients; one in another namespace is for the clients there.
//! * The proxy and an admission webhook compile regular expressions with Unicode tables. A pattern that becomes too large with
//!   these tables is a loss.
//! * A regular expression is matched with one line of a header at a time. A header that is sent twice matches if one of its lines
//!   does; a line that is not visible ASCII never matches. An HTTP/2 client may send each cookie on a line of its own, which
//!   makes no difference to a rule.
//!
//! `HTTPRoute` of `policy.linkerd.io` is not written: it has at most 8 matches in a rule, has no filter that could set an
//! affinity cookie, and is no longer developed. `TrafficSplit` of SMI has no rules.

mod mesh_service;
mod params;
mod pattern_size;
mod read;
mod write;

pub use params::RouteParams;
pub use read::read_hosts;
pub use write::{http_routes, http_routes_of_hosts};
