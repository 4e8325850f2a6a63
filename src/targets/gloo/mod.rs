//! Gloo Edge: VirtualService and RouteTable of `gateway.solo.io/v1`, as of version 1.21.13
//! (<https://docs.solo.io/gloo-edge/latest/reference/api/>, `projects/gateway/api/v1/virtual_service.proto`).
//!
//! The README of Gloo Edge announces the end of life of the open-source edition on 31 December 2026. Its successor, `kgateway`,
//! reads the routes of the [Gateway API](super::gateway).
//!
//! * The first route of the list that matches decides. If a selector chooses several RouteTables of equal weight, Gloo sorts
//!   all of their routes by path: give the RouteTable a weight of its own, or delegate to it by name.
//!   A virtual host is one object, whose routes are in the order in which the locations decide.
//! * A prefix is compared character by character: the path prefix `/cart` of a route is written as exactly `/cart` or the
//!   prefix `/cart/`. A path that another path of the route covers is not written.
//! * An object that is too large for etcd is an error.
//! * A header that a gateway overwrites or removes before it routes, such as `x-forwarded-for`, is not matched: the rule is a loss.
//! * An empty header value matches every value, so a condition on an empty value is written as a regular expression.
//! * Header lines are matched one by one, and several `Cookie` lines as one. A regular expression has the syntax of RE2,
//!   matches the whole line, and compiles to at most 1024 instructions, the `regexMaxProgramSize` of the Helm chart. Older
//!   versions of Envoy read values as UTF-8: there, no regular expression matches a value that is not valid UTF-8.
//! * An affinity cookie is a header that is added to responses, and read by routes before or after the other routes. `lbHash`
//!   and the stateful session of the enterprise edition have no influence on which destination is chosen, and choose only a pod
//!   of that destination.
//! * A destination is a `kube` Service in the namespace of the route, unless the backend has another one. If the route has no
//!   namespace, the destination and the object are written with the namespace `default`, so that Gloo looks for the Service where
//!   the object is.
//! * Several destinations are each written with a weight, because a missing weight would be 0. One destination alone is written
//!   as `single`, without a weight.
//! * A host in a request with a port does not match the same host without a port, unless `stripAnyHostPort` of the gateway is
//!   set.

mod header_matcher;
mod objects;
mod read;
mod write;

pub use super::table::HeaderValue;
pub use objects::{
    Destination, HeaderManipulation, HeaderMatcher, HeaderValueOption, KubeDestination, Matcher, MultiDestination,
    Options, ResourceRef, RouteAction, RouteTable, RouteTableSpec, Rule, VirtualHost, VirtualService,
    VirtualServiceSpec, WeightedDestination,
};
pub use read::read_hosts;
pub use write::{route_table, route_table_of_host, virtual_service, virtual_service_of_host};
