//! Affinity cookies of one name for several upstreams of a host.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::{Affinity, CookieAffinity, Policy};
use crate::route::{self, Path};
use crate::targets::nginx::token::token_of;

/// A location, and the name of its stable upstream.
pub(super) struct OfUpstream<'h> {
    pub(super) location: route::Location,
    pub(super) stable: &'h str,
}

/// The locations, whose affinity cookies do not pin a client at another location.
///
/// A cookie of ingress-nginx names an upstream, so it says nothing where other upstreams answer, whatever its name is. A cookie
/// of a policy names a variant. If locations with different upstreams have cookies of one name, or if the cookie has a domain and
/// other hosts get it, its revision is the name of the stable upstream. Then a cookie without a path has that of its location, as
/// in ingress-nginx.
pub(super) fn told_apart(locations: BTreeMap<Path, OfUpstream<'_>>) -> BTreeMap<Path, route::Location> {
    let mut upstreams: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for OfUpstream { location, stable } in locations.values() {
        if let Some(cookie) = cookie(location) {
            upstreams.entry(cookie.name().to_string()).or_default().insert((*stable).to_owned());
        }
    }
    let is_shared = |cookie: &CookieAffinity| {
        cookie.domain().is_some() || upstreams.get(cookie.name().as_str()).is_some_and(|all| all.len() > 1)
    };
    let own = |(path, OfUpstream { location, stable }): (Path, OfUpstream<'_>)| {
        let shared = cookie(&location).filter(|cookie| is_shared(cookie)).cloned();
        let location = match shared {
            Some(cookie) => with_cookie(&location, own_cookie(cookie, stable, path.as_str())).unwrap_or(location),
            None => location,
        };
        (path, location)
    };
    locations.into_iter().map(own).collect()
}

/// The cookie with a revision, and a path unless it has one.
fn own_cookie(cookie: CookieAffinity, stable: &str, path: &str) -> CookieAffinity {
    let revised = cookie.clone().with_revision(stable);
    // A name that is too long for a revision has a token.
    let revised = revised.or_else(|_| cookie.clone().with_revision(token_of(stable).as_str())).unwrap_or(cookie);
    match revised.path() {
        Some(_) => revised,
        None => revised.clone().with_path(path).unwrap_or(revised),
    }
}

/// The affinity cookie of a location.
fn cookie(location: &route::Location) -> Option<&CookieAffinity> {
    match location.policy().map(Policy::affinity) {
        Some(Affinity::Cookie(cookie)) => Some(cookie),
        Some(Affinity::None | Affinity::Key(_)) | None => None,
    }
}

/// The same location with this affinity cookie; `None` if it has no policy.
fn with_cookie(location: &route::Location, cookie: CookieAffinity) -> Option<route::Location> {
    let policy = location.policy()?.clone().with_affinity(Affinity::Cookie(cookie));
    let canaries = location.canaries().to_vec();
    let own = location.clone().with_policy(policy, canaries).ok()?;
    match location.former_tokens() {
        Some(tokens) => own.with_former_tokens(tokens.clone()).ok(),
        None => Some(own),
    }
}
