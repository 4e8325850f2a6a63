//! Envoy: a RouteConfiguration of the v3 API, as of Envoy 1.40
//! (<https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/route_components.proto>).
//!
//! * The first route of the list that matches decides. Each path of the route has one Envoy route for each condition. The routes
//!   of a virtual host are in the order in which the locations decide.
//! * A cluster has the name of the backend, as in `web:80` or, for a Service in another namespace, `shop/web:80`, and has to exist
//!   under that name.
//! * A host matches with any port in a request. `*.example.com` matches any number of labels before `.example.com`.
//!   In a route the `*` is one label, so such a host is a loss.
//! * A header that a gateway for strangers (`use_remote_address`) overwrites or removes before it routes, such as
//!   `x-forwarded-for`, is not matched: the rule is a loss.
//! * Header lines are matched one by one, and several `Cookie` lines as one. A regular expression has the syntax of RE2, matches
//!   the whole line, and compiles to at most 100 instructions, Envoy's limit unless its runtime
//!   (`re2.max_program_size.error_level`) sets another. Envoy 1.40 reads values as bytes, and older versions as UTF-8.
//! * An affinity cookie is a header that is added to responses, and read by routes before or after the other routes. A
//!   stateful session would pin a client to an endpoint of a cluster, and not to the cluster.
//! * An affinity key is a `hash_policy` that chooses the cluster: the same key gets the same variant, by Envoy's own hash.
//!   Versions before pull request 41244 (autumn 2025) refuse it. With a [point header](RouteParams), the same key gets the same
//!   variant as from a selector.
//! * A setting that a policy does not have keeps Envoy's default, such as the timeout of 15 seconds for a response.

mod hash_policy;
mod header_matcher;
mod objects;
mod params;
mod read;
mod write;

pub use super::table::HeaderValue;
pub use objects::{
    ClusterWeight, HashPolicy, HashedCookie, HashedHeader, HeaderMatcher, HeaderValueOption, RegexMatcher, RouteAction,
    RouteConfiguration, RouteMatch, Rule, StringMatcher, VirtualHost, WeightedClusters,
};
pub use params::RouteParams;
pub use read::read_hosts;
pub use write::{route_configuration, route_configuration_of_hosts};
