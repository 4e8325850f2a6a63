//! A VirtualService, back to a policy and a route.

use super::names::{Names, service};
use super::{HttpMatch, HttpRoute, StringMatch, VirtualService, VirtualServiceSpec};
use crate::error::{Excerpt, Invalid, ReadingError};
use crate::policy::Pattern;
use crate::targets::found::{Found, assembled, left_out};
use crate::targets::seen::Seen;
use crate::targets::{Finding, Host, Metadata, Path, PathType, Reading, Route};

/// Reads a VirtualService that was written by [`virtual_service`](super::virtual_service), or by people.
///
/// A rule whose matches have no header is the split, and one header makes a rule of a canary. Who is who says the
/// annotation [`Metadata::VARIANTS`]; without it stable is the first destination of the split, and a canary is called as its
/// subset or its Service. Where the destinations are subsets of one Service, that is everyone's backend; a DestinationRule
/// need not be read, for it says which pods they are and not who goes there. Hosts that are what a VirtualService for the
/// sidecars, or for every host, has to have are read as none; `mesh` among Gateways is read as a parent of that name. The
/// label of subsets and the cluster's domain are no part of a route: see [`Params`](super::Params).
/// Two policies that are written alike are read alike: shares come in parts of the annotation's total where they are whole
/// parts of it, and an affinity cookie without a path has the path `/`.
///
/// # Errors
///
/// There is no split, all of its weights are 0, everything goes to one destination, or a host is no Service of a cluster.
///
/// ```
/// use canary_policy::error::ReadingError;
/// use canary_policy::targets::istio::{self, VirtualService};
///
/// # #[cfg(feature = "serde")] {
/// // As in Istio's documentation.
/// let reviews: VirtualService = serde_json::from_value(serde_json::json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "VirtualService",
///     "metadata": { "name": "reviews" },
///     "spec": { "hosts": ["reviews"], "http": [
///         {
///             "match": [{ "headers": { "end-user": { "exact": "jason" } } }],
///             "route": [{ "destination": { "host": "reviews", "subset": "v2" } }],
///             "timeout": "1s",
///         },
///         { "route": [
///             { "destination": { "host": "reviews", "subset": "v1" }, "weight": 90 },
///             { "destination": { "host": "reviews", "subset": "v2" }, "weight": 10 },
///         ] },
///     ] },
/// })).unwrap();
/// let reading = istio::read(&reviews).unwrap();
/// let canary = &reading.policy.canaries()[0];
/// assert_eq!((canary.name().as_str(), canary.weight(), reading.route.stable().service()), ("v2", 10, "reviews"));
/// assert_eq!(
///     reading.findings[0].to_string(),
///     "spec.http[0].timeout: `timeout` is left out: it is no part of a policy or route",
/// );
///
/// let mut empty = reviews.clone();
/// empty.spec.http.clear();
/// assert_eq!(istio::read(&empty).unwrap_err(), ReadingError::NoSplit);
/// # }
/// ```
pub fn read(object: &VirtualService) -> Result<Reading, ReadingError> {
    if object.kind != "VirtualService" {
        return Err(ReadingError::Kind { kind: Excerpt::of(&object.kind), wanted: "VirtualService" });
    }
    let mut findings = Vec::new();
    let VirtualServiceSpec { hosts, gateways, http, unread } = &object.spec;
    left_out("spec", unread, &mut findings);
    let names = Names::of(object);

    let mut found = Vec::new();
    let mut rules = http.iter().enumerate();
    for (index, rule) in rules.by_ref() {
        let field = format!("spec.http[{index}]");
        let matches = matches(&field, rule, names, &mut findings)?;
        let every = |found: &Found| found.condition.is_none() && found.path == every_path();
        let last = matches.iter().any(every);
        for one in matches {
            let taken = |before: &Found| before.condition.is_none() && covers(&before.path, &one.path);
            if one.condition.is_some() && found.iter().any(taken) {
                let why = "it stands behind a rule for every request to its path, where Istio looks at nothing";
                let value = Excerpt::of(one.path.0.as_str());
                findings.push(Finding::LeftOut { field: one.field, value, why });
            } else {
                found.push(one);
            }
        }
        if last {
            break;
        }
    }
    for (index, _) in rules {
        findings.push(Finding::LeftOut {
            field: format!("spec.http[{index}]"),
            value: Excerpt::of("http"),
            why: "it stands behind a rule for every request, where Istio looks at nothing",
        });
    }

    let (lines, paths) = assembled(&found, names.variants(), &mut findings);
    let (policy, stable, canaries) = lines.read(&mut findings)?;
    let (stable, canaries) = (names.backend(stable), canaries.into_iter().map(|canary| names.backend(canary)));
    let at = |field: &'static str| move |what| ReadingError::Invalid { field: field.to_owned(), what };
    let Metadata { name, namespace, annotations: _ } = &object.metadata;
    let sidecars = gateways.iter().all(|gateway| gateway == "mesh");
    let route = Route::new(name, stable, canaries).map_err(at("metadata.name"))?;
    let own = |at: Option<&str>| at.is_none_or(|at| Some(at) == namespace.as_deref());
    let is_stable = |host: &str| service(host).is_some_and(|(name, at)| name == route.stable().service() && own(at));
    let needed = |host: &str| if sidecars { is_stable(host) } else { host == "*" };
    let hosts = hosts.iter().filter(|host| hosts.len() > 1 || !needed(host)).map(|host| Host::new(host));
    let hosts = hosts.collect::<Result<Vec<Host>, Invalid>>().map_err(at("spec.hosts"))?;
    let parents = gateways.iter().map(|gateway| gateway.parse()).collect::<Result<Vec<_>, _>>();
    let route = route.with_hosts(hosts).map_err(at("spec.hosts"))?;
    let route = route.with_paths(paths).map_err(at("spec.http"))?;
    let route = route.with_parents(parents.map_err(at("spec.gateways"))?).map_err(at("spec.gateways"))?;
    let route = match namespace {
        Some(namespace) => route.with_namespace(namespace).map_err(at("metadata.namespace"))?,
        None => route,
    };
    Ok(Reading { policy, route, findings })
}

fn every_path() -> (Path, PathType) {
    (Path::root(), PathType::Prefix)
}

/// The matches of a rule that can be part of a policy.
fn matches(
    field: &str,
    rule: &HttpRoute,
    names: Names<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Found>, ReadingError> {
    let HttpRoute { matches, route, unread } = rule;
    left_out(field, unread, findings);
    let mut goals = Vec::new();
    for (place, to) in route.iter().enumerate() {
        goals.push(names.goal(&format!("{field}.route[{place}]"), to, findings)?);
    }
    // It gets everything, whatever its weight.
    if let [single] = goals.as_mut_slice() {
        single.weight = 1;
    }

    if matches.is_empty() {
        return Ok(vec![Found { field: field.to_owned(), path: every_path(), condition: None, goals }]);
    }
    let mut read = Vec::new();
    for (place, HttpMatch { uri, headers, unread }) in matches.iter().enumerate() {
        let field = format!("{field}.match[{place}]");
        let mut of_headers = headers.iter();
        let condition = match (of_headers.next(), of_headers.next(), unread.names().next()) {
            (None, _, None) => Ok(None),
            (Some((name, value)), None, None) => condition(&field, name, value, findings).map(Some),
            (_, Some(_), None) => Err("a rule of a policy looks at one header"),
            (_, _, Some(_)) => Err("a policy looks at headers and cookies only"),
        };
        let condition = match condition {
            Ok(condition) => condition,
            Err(why) => {
                let names: Vec<&str> = headers.keys().map(String::as_str).chain(unread.names()).collect();
                findings.push(Finding::LeftOut { field, value: Excerpt::of(&names.join(", ")), why });
                continue;
            }
        };
        // `/cart` exactly and, next to it, the prefix `/cart/` are the prefix `/cart` of a route.
        let next = matches.get(place + 1).filter(|next| next.headers == *headers).and_then(|next| next.uri.as_ref());
        let before = place.checked_sub(1).and_then(|place| matches.get(place));
        let before = before.filter(|before| before.headers == *headers).and_then(|before| before.uri.as_ref());
        let path = match uri {
            None | Some(StringMatch::Present) => Some(every_path()),
            Some(StringMatch::Exact(exact)) if next == Some(&StringMatch::Prefix(format!("{exact}/"))) => continue,
            Some(StringMatch::Exact(exact)) => Path::new(exact).ok().map(|path| (path, PathType::Exact)),
            Some(StringMatch::Prefix(prefix)) if prefix == "/" => Some(every_path()),
            Some(StringMatch::Prefix(prefix)) => {
                let exact = prefix.strip_suffix('/');
                let whole = exact.filter(|exact| before == Some(&StringMatch::Exact((*exact).to_owned())));
                let path = Path::new(whole.unwrap_or(prefix)).ok();
                if path.is_some() && whole.is_none() {
                    findings.push(Finding::Assumed {
                        field: format!("{field}.uri"),
                        value: Excerpt::of(prefix),
                        why: "a route's prefixes are of whole path elements, and Istio's of characters",
                    });
                }
                path.map(|path| (path, PathType::Prefix))
            }
            Some(StringMatch::Regex(_)) => None,
        };
        if let Some(path) = path {
            read.push(Found { field, path, condition, goals: goals.clone() });
        } else {
            let why = "a route's paths are exact, or prefixes";
            findings.push(Finding::LeftOut { field, value: Excerpt::of("uri"), why });
        }
    }
    Ok(read)
}

fn condition(field: &str, name: &str, value: &StringMatch, findings: &mut Vec<Finding>) -> Result<Seen, &'static str> {
    let found = |pattern: &str| {
        let pattern = Pattern::new(pattern).map_err(|_| "engines would read the value otherwise")?;
        Ok(Seen::HeaderFound(name.to_ascii_lowercase(), pattern))
    };
    match value {
        StringMatch::Exact(value) => Ok(Seen::Header(name.to_ascii_lowercase(), value.clone())),
        StringMatch::Prefix(prefix) => found(&format!("^{}", regex_syntax::escape(prefix))),
        StringMatch::Present => found("^"),
        // What Istio reads as any value.
        StringMatch::Regex(regex) if regex == "*" => found("^"),
        StringMatch::Regex(regex) => Seen::regex(field, name, regex, findings),
    }
}

/// Whether every request to the second path is one to the first.
fn covers((first, kind): &(Path, PathType), (path, _): &(Path, PathType)) -> bool {
    let rest = path.as_str().strip_prefix(first.compared(*kind));
    match kind {
        PathType::Exact => rest.is_some_and(str::is_empty),
        PathType::Prefix => rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}
