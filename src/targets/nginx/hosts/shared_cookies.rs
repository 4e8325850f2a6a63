//! Affinity cookies of one name for several upstreams of a host.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::{Affinity, CookieAffinity, Policy};
use crate::route;
use crate::targets::nginx::VirtualHost;
use crate::targets::nginx::token::token_of;

/// The stable upstreams and the names of their affinity cookies which another upstream of a host has too.
pub(super) struct SharedCookies(BTreeSet<(String, String)>);

impl SharedCookies {
    /// An upstream may be on several hosts: a cookie that is shared on one of them is told apart on all, because a mesh has one policy
    /// for a Service.
    pub(super) fn new(hosts: &[VirtualHost]) -> Self {
        let mut shared = BTreeSet::new();
        for host in hosts {
            let mut upstreams: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
            for location in host.locations.iter().filter(|location| location.canary.is_some()) {
                if let Some(Ok(policy)) = location.policy() {
                    if let Affinity::Cookie(cookie) = policy.affinity() {
                        upstreams.entry(cookie.name().to_string()).or_default().insert(&location.stable);
                    }
                }
            }
            for (name, all) in upstreams.into_iter().filter(|(_, all)| all.len() > 1) {
                shared.extend(all.into_iter().map(|upstream| (upstream.to_owned(), name.clone())));
            }
        }
        SharedCookies(shared)
    }

    /// The location with this stable upstream, whose affinity cookie does not pin a client at another location.
    ///
    /// A cookie of ingress-nginx names an upstream, so it says nothing where other upstreams answer, whatever its name is. A cookie
    /// of a policy names a variant. If locations with different upstreams have cookies of one name, or if the cookie has a domain and
    /// other hosts get it, its revision is the name of the stable upstream. Then a cookie without a path has that of its location, as
    /// in ingress-nginx.
    pub(super) fn told_apart(&self, location: route::Location, stable: &str) -> route::Location {
        let is_shared = |cookie: &CookieAffinity| {
            cookie.domain().is_some() || self.0.contains(&(stable.to_owned(), cookie.name().to_string()))
        };
        match cookie(&location).filter(|cookie| is_shared(cookie)).cloned() {
            Some(cookie) => {
                let own = own_cookie(cookie, stable, location.path().as_str());
                with_cookie(&location, own).unwrap_or(location)
            }
            None => location,
        }
    }
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
