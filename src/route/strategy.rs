//! Strategies for `proptest` that generate routes and virtual hosts (feature `proptest`).
//!
//! [`route()`] and [`virtual_host`] generate every kind. [`portable_route`] and [`portable_virtual_host`] generate those that every
//! target with routes expresses without a loss, if the policy is one of
//! [`PolicyParams::rule_targets`](crate::policy::strategy::PolicyParams::rule_targets).
//!
//! ```
//! use canary_policy::policy::strategy::{PolicyParams, policy_with, request};
//! use canary_policy::route::strategy::portable_route;
//! use canary_policy::{Policy, Route, Sample, Selector, Variant};
//! use proptest::prelude::*;
//!
//! /// Somebody else's router: the Service that answers a request. It does not know that a prefix ends at a `/`.
//! fn answers<'r>(route: &'r Route, policy: &Policy, path: &str, headers: &[(String, String)], sample: Sample) -> Option<&'r str> {
//!     let is_served = route.paths().iter().any(|prefix| path.starts_with(prefix.as_str()));
//!     let decision = Selector::new(policy).select(headers, sample);
//!     route.backend(decision.variant).filter(|_| is_served).map(|backend| backend.service())
//! }
//!
//! let policies = policy_with(&PolicyParams::rule_targets());
//! let cases = policies.prop_flat_map(|policy| {
//!     let (canaries, requests) = (policy.canaries().len(), request(&policy));
//!     (Just(policy), portable_route(canaries), requests, "(/[a-z]{1,2}){1,2}", any::<u64>())
//! });
//! let result = proptest::test_runner::TestRunner::deterministic().run(&cases, |(policy, route, headers, path, bits)| {
//!     let sample = Sample::from_bits(bits);
//!     let variant = Selector::new(&policy).select(&headers[..], sample).variant;
//!     let is_served = route.paths().iter().any(|known| known.matches(&path));
//!     let expected = route.backend(variant).filter(|_| is_served).map(|backend| backend.service());
//!     prop_assert_eq!(answers(&route, &policy, &path, &headers, sample), expected);
//!     Ok(())
//! });
//! assert!(result.is_err());
//! ```

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;

use super::{Backend, Host, Location, Parent, Path, PathType, Route, VirtualHost};
use crate::policy::strategy::{PolicyParams, policy_with};
use crate::policy::{FormerTokens, Policy, Token};

/// The name of an object, or a label of it.
const NAME: &str = "[a-z]([a-z0-9-]{0,6}[a-z0-9])?";

/// Routes of every kind with this many canaries: with hosts and parents or without, with backends in other namespaces and without a
/// port, and with former tokens.
///
/// ```
/// use canary_policy::route::strategy::route;
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(8), |(route in route(2))| {
///     prop_assert_eq!(route.canaries().len(), 2);
/// });
/// ```
pub fn route(canaries: usize) -> impl Strategy<Value = Route> {
    (routes(false, canaries), weighted(0.2, former_tokens(canaries)))
        .prop_map(|(route, former_tokens)| former_tokens.into_iter().fold(route, Route::with_former_tokens))
}

/// Routes with this many canaries that every target with routes expresses without a loss: they have a parent, hosts without a
/// wildcard, different backends in their own namespace, each with the number of its port, and no former tokens.
///
/// ```
/// use canary_policy::policy::strategy::{PolicyParams, policy_with};
/// use canary_policy::route::strategy::portable_route;
/// use canary_policy::targets::istio;
/// use proptest::prelude::*;
///
/// let policies = policy_with(&PolicyParams::rule_targets().with_canaries(1..=1));
/// proptest!(ProptestConfig::with_cases(8), |(policy in policies, route in portable_route(1))| {
///     let written = istio::virtual_service(&policy, &route, &istio::VirtualServiceParams::default()).unwrap();
///     prop_assert_eq!(written.losses, []);
/// });
/// ```
pub fn portable_route(canaries: usize) -> impl Strategy<Value = Route> {
    routes(true, canaries)
}

/// Virtual hosts of every kind: with 1 to 4 locations, some with a policy.
///
/// ```
/// use canary_policy::route::VirtualHost;
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(8), |(host in any::<VirtualHost>())| {
///     prop_assert!((1..=4).contains(&host.locations().len()));
/// });
/// ```
pub fn virtual_host() -> impl Strategy<Value = VirtualHost> {
    virtual_hosts(false, &PolicyParams::default())
}

/// Virtual hosts whose policies have these parameters, and which have what a [`portable_route`] has.
pub fn portable_virtual_host(params: &PolicyParams) -> impl Strategy<Value = VirtualHost> + use<> {
    virtual_hosts(true, params)
}

fn routes(is_portable: bool, canaries: usize) -> impl Strategy<Value = Route> {
    let front = (NAME, of(NAME), hosts(is_portable), parents(is_portable));
    let parts = (front, vec(path(is_portable), 0..=3), vec(backend(is_portable), canaries + 1));
    parts.prop_filter_map("a route", move |((name, namespace, hosts, parents), paths, backends)| {
        let mut backends = if is_portable { different(backends) } else { backends }.into_iter();
        let route =
            Route::new(&name, backends.next()?, backends).ok().filter(|route| route.canaries().len() == canaries)?;
        let route = match namespace {
            Some(namespace) => route.with_namespace(&namespace).ok()?,
            None => route,
        };
        route.with_hosts(hosts).ok()?.with_paths(different(paths)).ok()?.with_parents(parents).ok()
    })
}

fn virtual_hosts(is_portable: bool, params: &PolicyParams) -> impl Strategy<Value = VirtualHost> + use<> {
    // More canaries than a policy has are left out below.
    let backends = vec(backend(is_portable), 8);
    let location = (path(is_portable), backends, of(policy_with(params)));
    let front = (NAME, of(NAME), hosts(is_portable), parents(is_portable));
    (front, vec(location, 1..=4)).prop_filter_map(
        "a virtual host",
        move |((name, namespace, hosts, parents), locations)| {
            let mut seen = BTreeSet::new();
            let locations = locations.into_iter().filter(|(path, ..)| seen.insert(path.to_string()));
            let locations = locations.map(|(path, backends, policy)| {
                self::location(path, if is_portable { different(backends) } else { backends }, policy)
            });
            let host = VirtualHost::new(&name, locations.collect::<Option<Vec<_>>>()?).ok()?;
            let host = match namespace {
                Some(namespace) => host.with_namespace(&namespace).ok()?,
                None => host,
            };
            host.with_hosts(hosts).ok()?.with_parents(parents).ok()
        },
    )
}

/// A location with the first of these backends; `None` if there are too few.
fn location(path: Path, backends: Vec<Backend>, policy: Option<Policy>) -> Option<Location> {
    let mut backends = backends.into_iter();
    let location = Location::new(path, backends.next()?);
    match policy {
        None => Some(location),
        Some(policy) => {
            let canaries: Vec<Backend> = backends.take(policy.canaries().len()).collect();
            location.with_policy(policy, canaries).ok()
        }
    }
}

fn hosts(is_portable: bool) -> impl Strategy<Value = Vec<Host>> {
    let wildcards = if is_portable { 0.0 } else { 0.3 };
    let host = (proptest::bool::weighted(wildcards), "[a-z]([a-z0-9-]{0,4}[a-z0-9])?(\\.[a-z]{1,4}){1,2}");
    let host = host.prop_filter_map("a host", |(is_wildcard, name)| {
        Host::new(&if is_wildcard { format!("*.{name}") } else { name }).ok()
    });
    vec(host, 0..=3).prop_map(different)
}

fn parents(is_portable: bool) -> impl Strategy<Value = Vec<Parent>> {
    let text = (of(NAME), NAME).prop_map(|(namespace, name)| match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    });
    vec(text.prop_filter_map("a parent", |text| text.parse().ok()), usize::from(is_portable)..=2).prop_map(different)
}

fn path(is_portable: bool) -> BoxedStrategy<Path> {
    let path_type = prop_oneof![3 => Just(PathType::Prefix), 1 => Just(PathType::Exact)];
    let plain = prop_oneof![1 => "/", 4 => "(/[a-z]{1,2}){1,3}", 1 => "(/[a-z]{1,2}){1,2}/"];
    let text = if is_portable { plain.boxed() } else { prop_oneof![2 => plain, 1 => "/[!$-;=@-Z_a-z~]{1,6}"].boxed() };
    (text, path_type).prop_filter_map("a path", |(text, path_type)| Path::new(&text, path_type).ok()).boxed()
}

fn backend(is_portable: bool) -> BoxedStrategy<Backend> {
    let number = (1..=u16::MAX).prop_map(|port| port.to_string());
    if is_portable {
        return (NAME, number)
            .prop_filter_map("a backend", |(name, port)| format!("{name}:{port}").parse().ok())
            .boxed();
    }
    let port = of(prop_oneof![2 => number, 1 => "[a-z]{1,6}"]);
    (weighted(0.2, NAME), NAME, port)
        .prop_filter_map("a backend", |(namespace, name, port)| {
            let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{namespace}{name}{port}").parse().ok()
        })
        .boxed()
}

fn former_tokens(canaries: usize) -> impl Strategy<Value = FormerTokens> {
    vec("[A-Za-z0-9._-]{1,12}", canaries + 1).prop_filter_map("former tokens", |tokens| {
        let mut tokens = tokens.iter().map(|token| Token::new(token)).collect::<Result<Vec<_>, _>>().ok()?.into_iter();
        FormerTokens::new(tokens.next()?, tokens).ok()
    })
}

/// The items without those whose text an earlier item has.
fn different<T: ToString>(items: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(item.to_string())).collect()
}

impl Arbitrary for Route {
    /// There are no parameters.
    type Parameters = ();
    /// A strategy of any kind, in a box.
    type Strategy = BoxedStrategy<Route>;

    /// Routes with up to 4 canaries.
    fn arbitrary() -> Self::Strategy {
        Route::arbitrary_with(())
    }

    /// The same routes as [`arbitrary`](Self::arbitrary): there are no parameters.
    fn arbitrary_with((): ()) -> Self::Strategy {
        (0..=4_usize).prop_flat_map(route).boxed()
    }
}

impl Arbitrary for VirtualHost {
    /// What the policies of the locations may have.
    type Parameters = PolicyParams;
    /// A strategy of any kind, in a box.
    type Strategy = BoxedStrategy<VirtualHost>;

    /// Virtual hosts whose locations have policies of every kind, or none.
    fn arbitrary() -> Self::Strategy {
        VirtualHost::arbitrary_with(PolicyParams::default())
    }

    /// Virtual hosts whose locations have policies with these parameters, or none.
    fn arbitrary_with(params: PolicyParams) -> Self::Strategy {
        virtual_hosts(false, &params).boxed()
    }
}

#[cfg(feature = "arbitrary")]
crate::policy::strategy::by_strategy!(
    Route: <Route as Arbitrary>::arbitrary(),
    VirtualHost: <VirtualHost as Arbitrary>::arbitrary()
);
