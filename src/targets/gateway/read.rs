//! HTTPRoutes, back to a policy and a route.

use std::collections::BTreeSet;

use super::{BackendRef, Filter, HeaderMatch, HttpMatch, HttpRoute, ParentRef, Rule, Spec};
use crate::error::{Excerpt, Invalid, ReadingError};
use crate::targets::found::{Found, assembled, left_out};
use crate::targets::lines::{Goal, Lines, Variants};
use crate::targets::seen::Seen;
use crate::targets::{Backend, Finding, Host, Metadata, Parent, Path, PathType, Port, Reading, Route};

/// Reads HTTPRoutes that were written by [`http_routes`](super::http_routes), or by people: those that say one policy
/// together, as it does for many paths.
///
/// A rule whose matches have no header is the split, and one header makes a rule of a canary. Who is who says the
/// annotation [`Metadata::VARIANTS`]; without it stable is the first backend of the split, and a canary is called as its
/// Service. A regular expression is taken to match whole values, as in implementations built on Envoy. Two policies that
/// are written alike are read alike: shares come in parts of the annotation's total where they are whole parts of it, and
/// an affinity cookie without a path has the path `/`.
///
/// # Errors
///
/// There is no split, all of its weights are 0, everything goes to one backend, a backend has no port, or the objects
/// differ.
///
/// ```
/// use canary_policy::targets::gateway;
/// use canary_policy::{HeaderRule, Match, Policy};
///
/// # #[cfg(feature = "serde")] {
/// let web = serde_json::json!({ "name": "web", "port": 80, "weight": 90 });
/// let next = serde_json::json!({ "name": "web-next", "port": 80, "weight": 10 });
/// let route = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [
///         { "matches": [{ "headers": [{ "name": "x-beta", "value": "yes" }] }], "backendRefs": [next] },
///         { "backendRefs": [web, next], "timeouts": { "request": "1s" } },
///     ] },
/// })).unwrap();
/// let reading = gateway::read(&[route]).unwrap();
/// assert_eq!(reading.policy.canaries()[0].name().as_str(), "web-next");
/// assert_eq!(reading.policy.canaries()[0].header(), Some(&HeaderRule::new("x-beta", Match::Exact("yes".to_owned())).unwrap()));
/// assert_eq!(
///     reading.findings[0].to_string(),
///     "spec.rules[1].timeouts: `timeouts` is left out: it is no part of a policy or route",
/// );
/// # }
/// assert_eq!(gateway::read(&[]).unwrap_err().to_string(), "there is no object to read");
/// ```
pub fn read(routes: &[HttpRoute]) -> Result<Reading, ReadingError> {
    let mut findings = Vec::new();
    let (first, others) = routes.split_first().ok_or(ReadingError::NoObject)?;
    if let Some(other) = routes.iter().find(|route| route.kind != "HTTPRoute") {
        return Err(ReadingError::Kind { kind: Excerpt::of(&other.kind), wanted: "HTTPRoute" });
    }
    let mut read = Object::read(first, &mut findings)?;
    let mut places = read.places();
    for (index, route) in others.iter().enumerate() {
        let at = |field: &str| format!("objects[{}].{field}", index + 1);
        let mut noticed = Vec::new();
        let other = Object::read(route, &mut noticed)?;
        if !other.lines.says(&read.lines) || other.parents != read.parents {
            return Err(ReadingError::Differs { field: at("spec") });
        }
        let variants = |route: &HttpRoute| route.metadata.annotations.get(Metadata::VARIANTS).cloned();
        if route.metadata.namespace != first.metadata.namespace || variants(route) != variants(first) {
            return Err(ReadingError::Differs { field: at("metadata") });
        }
        places.extend(other.places());
        read.hosts.extend(other.hosts.into_iter().filter(|host| !read.hosts.contains(host)).collect::<Vec<_>>());
        read.paths.extend(other.paths.into_iter().filter(|path| !read.paths.contains(path)).collect::<Vec<_>>());
        // A route has every path on every host.
        let last = index + 1 == others.len();
        if last && places.len() != read.hosts.len().max(1) * read.paths.len() {
            return Err(ReadingError::Differs { field: at("spec.hostnames") });
        }
        noticed.retain(|finding| !findings.contains(finding));
        findings.extend(noticed.into_iter().map(|finding| finding.within(&at(""))));
    }

    let Object { lines, hosts, paths, parents } = read;
    let Metadata { name, namespace, annotations: _ } = &first.metadata;
    let (policy, stable, canaries) = lines.read(&mut findings)?;
    let at = |field: &'static str| move |what| ReadingError::Invalid { field: field.to_owned(), what };
    let mut route = Route::new(name, stable, canaries).map_err(at("metadata.name"))?;
    if let Some(namespace) = namespace {
        route = route.with_namespace(namespace).map_err(at("metadata.namespace"))?;
    }
    let route = route.with_hosts(hosts).map_err(at("spec.hostnames"))?;
    let route = route.with_paths(paths).map_err(at("spec.rules"))?;
    let route = route.with_parents(parents).map_err(at("spec.parentRefs"))?;
    Ok(Reading { policy, route, findings })
}

/// What one object says.
struct Object {
    lines: Lines,
    hosts: Vec<Host>,
    paths: Vec<(Path, PathType)>,
    parents: Vec<Parent>,
}

impl Object {
    /// Every path on every host.
    fn places(&self) -> BTreeSet<(Option<Host>, Path, PathType)> {
        let hosts: Vec<Option<Host>> = self.hosts.iter().cloned().map(Some).collect();
        let hosts = if hosts.is_empty() { vec![None] } else { hosts };
        let on = |host: Option<Host>| self.paths.iter().map(move |(path, kind)| (host.clone(), path.clone(), *kind));
        hosts.into_iter().flat_map(on).collect()
    }

    fn read(route: &HttpRoute, findings: &mut Vec<Finding>) -> Result<Self, ReadingError> {
        let Spec { parent_refs, hostnames, rules, unread } = &route.spec;
        left_out("spec", unread, findings);
        let hosts = hostnames.iter().enumerate().map(|(index, host)| {
            Host::new(host).map_err(|what| ReadingError::Invalid { field: format!("spec.hostnames[{index}]"), what })
        });
        let hosts = hosts.collect::<Result<_, _>>()?;
        let parents = parent_refs.iter().enumerate();
        let parents = parents.filter_map(|(index, parent)| parent_of(index, parent, findings)).collect();

        let mut rules_read = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            rules_read.extend(matches(index, rule, findings)?);
        }
        let (lines, paths) = assembled(&rules_read, Variants::read(&route.metadata), findings);
        Ok(Object { lines, hosts, paths, parents })
    }
}

/// The matches of a rule that can be part of a policy.
fn matches(index: usize, rule: &Rule<HttpMatch>, findings: &mut Vec<Finding>) -> Result<Vec<Found>, ReadingError> {
    let field = format!("spec.rules[{index}]");
    let Rule { matches, filters, backend_refs, unread } = rule;
    left_out(&field, unread, findings);
    let set_cookie = cookie_set(&field, filters, findings);
    let mut goals = Vec::new();
    for (place, backend) in backend_refs.iter().enumerate() {
        goals.push(goal(&format!("{field}.backendRefs[{place}]"), backend, set_cookie.as_ref(), findings)?);
    }

    if let ([Goal { weight: 0, .. }], true) = (goals.as_slice(), matches.iter().any(|found| !found.headers.is_empty()))
    {
        let why = "a single backend without a share gets everything from some implementations, and nothing from others";
        findings.push(Finding::Assumed { field: field.clone(), value: Excerpt::of("everything"), why });
    }
    let every = [HttpMatch::default()];
    let matches = if matches.is_empty() { &every } else { matches.as_slice() };
    let mut read = Vec::new();
    for (place, HttpMatch { path, headers, unread }) in matches.iter().enumerate() {
        let field = format!("{field}.matches[{place}]");
        let path = match path {
            None => Some(("/", PathType::Prefix)),
            Some(path) => kind(&path.kind).map(|kind| (path.value.as_str(), kind)),
        };
        let path = path.and_then(|(path, kind)| Some((Path::new(path).ok()?, kind)));
        let condition = match headers.as_slice() {
            [] => Ok(None),
            [header] => condition(&field, header, findings).map(Some),
            [_, _, ..] => Err("a rule of a policy looks at one header"),
        };
        let condition = match unread.names().next() {
            Some(_) => Err("a policy looks at headers and cookies only"),
            None => condition,
        };
        match (path, condition) {
            (Some(path), Ok(condition)) => read.push(Found { field, path, condition, goals: goals.clone() }),
            (None, _) => {
                let why = "a route's paths are exact, or prefixes";
                findings.push(Finding::LeftOut { field, value: Excerpt::of("path"), why });
            }
            (_, Err(why)) => {
                let names: Vec<&str> = headers.iter().map(|header| &*header.name).chain(unread.names()).collect();
                findings.push(Finding::LeftOut { field, value: Excerpt::of(&names.join(", ")), why });
            }
        }
    }
    Ok(read)
}

fn kind(kind: &str) -> Option<PathType> {
    match kind {
        "Exact" => Some(PathType::Exact),
        "PathPrefix" => Some(PathType::Prefix),
        _ => None,
    }
}

fn condition(field: &str, header: &HeaderMatch, findings: &mut Vec<Finding>) -> Result<Seen, &'static str> {
    let HeaderMatch { kind, name, value } = header;
    match &**kind {
        "Exact" => Ok(Seen::Header(name.to_ascii_lowercase(), value.clone())),
        "RegularExpression" => Seen::regex(field, name, value, findings),
        _ => Err("a header is compared exactly, or with a regular expression"),
    }
}

fn goal(
    field: &str,
    backend: &BackendRef,
    set_cookie: Option<&String>,
    findings: &mut Vec<Finding>,
) -> Result<Goal, ReadingError> {
    let BackendRef { group, kind, name, namespace, port, weight, filters, unread } = backend;
    left_out(field, unread, findings);
    let core = group.as_deref().is_none_or(|group| matches!(group, "" | "core"));
    if !core || kind.as_deref().is_some_and(|kind| kind != "Service") {
        let (field, value) = (format!("{field}.kind"), Excerpt::of(kind.as_deref().unwrap_or("Service")));
        findings.push(Finding::LeftOut { field, value, why: "a route's backends are Services" });
    }
    if let Some(namespace) = namespace {
        let (field, value) = (format!("{field}.namespace"), Excerpt::of(namespace));
        findings.push(Finding::LeftOut { field, value, why: "a route's backends are in its own namespace" });
    }
    let at = |what| ReadingError::Invalid { field: field.to_owned(), what };
    let port = port.ok_or_else(|| Invalid::Port(Excerpt::of(""))).and_then(|port| port.to_string().parse::<Port>());
    let backend = Backend::new(name).and_then(|backend| Ok(backend.with_port(port?))).map_err(at)?;
    let set_cookie = cookie_set(field, filters, findings).or_else(|| set_cookie.cloned());
    Ok(Goal { backend, weight: weight.unwrap_or(1), set_cookie })
}

/// The cookie that filters set, if that is all they do.
fn cookie_set(field: &str, filters: &[Filter], findings: &mut Vec<Finding>) -> Option<String> {
    let mut set_cookie = None;
    for (index, Filter { kind, response_header_modifier, unread }) in filters.iter().enumerate() {
        let added = response_header_modifier.as_ref().map(|modifier| (modifier.add.as_slice(), &modifier.unread));
        match added {
            Some(([header], rest))
                if header.name.eq_ignore_ascii_case("set-cookie")
                    && rest.names().next().is_none()
                    && unread.names().next().is_none()
                    && set_cookie.is_none() =>
            {
                set_cookie = Some(header.value.clone());
            }
            _ => findings.push(Finding::LeftOut {
                field: format!("{field}.filters[{index}]"),
                value: Excerpt::of(kind),
                why: "of all that a filter can do, a policy sets an affinity cookie",
            }),
        }
    }
    set_cookie
}

fn parent_of(index: usize, parent: &ParentRef, findings: &mut Vec<Finding>) -> Option<Parent> {
    let field = format!("spec.parentRefs[{index}]");
    let ParentRef { group: _, kind, namespace, name, port, unread } = parent;
    left_out(&field, unread, findings);
    if let Some(port) = port {
        let (field, value) = (format!("{field}.port"), Excerpt::of(&port.to_string()));
        findings.push(Finding::LeftOut { field, value, why: "a route hangs on every port of its parents" });
    }
    let text = namespace.as_ref().map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}"));
    let gateway = kind.as_deref().is_none_or(|kind| kind == "Gateway");
    let parent = Some(text.as_str()).filter(|_| gateway).and_then(|text| text.parse().ok());
    if parent.is_none() {
        findings.push(Finding::LeftOut { field, value: Excerpt::of(&text), why: "a route's parents are Gateways" });
    }
    parent
}
