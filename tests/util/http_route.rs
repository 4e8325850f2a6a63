//! How implementations of the Gateway API route a request by HTTPRoutes.

use canary_policy::Variant;
use serde_json::Value;

use super::ascii_regex;
use super::outcome::Outcome;
use super::request::Lines;

/// An implementation that reads HTTPRoutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// One that is built on Envoy. It looks at each line of a header by itself, and at several Cookie lines as one line.
    Envoy,
    /// Linkerd's proxy (`linkerd/http/route/src`, version 2.366). It looks at each line by itself. A regular expression matches
    /// only values of visible ASCII, and only if the first match that is found is the whole value.
    Linkerd,
    /// An older proxy of Linkerd, to which a prefix and an exact path of the same length are equally specific.
    OldLinkerd,
}

/// The outcome of a request: the most specific match of all routes decides, and the first one among equals
/// (`apis/v1/httproute_types.go` of version 1.6.1, "Proxy or Load Balancer routing configuration generated from
/// HTTPRoutes").
pub fn routed(reader: Reader, routes: &[Value], path: &str, request: &Lines) -> Outcome {
    let Some(Decided { rule, .. }) = decided(reader, routes, path, request) else { return Outcome::Nothing };
    let refs = rule["backendRefs"].as_array().unwrap();
    let destinations = refs.iter().map(|backend| {
        let weight = backend.get("weight").map_or(1, |weight| weight.as_u64().unwrap());
        assert!((1..=1_000_000).contains(&weight) && backend["port"].is_u64());
        assert!(refs.len() > 1 || backend.get("weight").is_none(), "a single backend with a weight");
        (variant(&backend["name"]), weight.try_into().unwrap(), cookie(rule).or_else(|| cookie(backend)))
    });
    let destinations: Vec<_> = destinations.collect();
    match destinations.as_slice() {
        [(to, _, cookie)] if rule["matches"][0].get("headers").is_some() => Outcome::To(*to, cookie.clone()),
        _ => Outcome::split(destinations),
    }
}

/// The match that decides about a request.
pub struct Decided<'v> {
    /// The place of its rule among all rules of the routes.
    pub rule_index: usize,
    /// Its place in the rule.
    pub match_index: usize,
    pub rule: &'v Value,
}

/// The match that decides about a request with the method `GET` and without a query, in routes as people write them.
pub fn decided<'v>(reader: Reader, routes: &'v [Value], path: &str, request: &Lines) -> Option<Decided<'v>> {
    decided_with_query(reader, routes, path, &[], request)
}

/// The same for a request with these query parameters, in routes that compare them exactly.
pub fn decided_with_query<'v>(
    reader: Reader,
    routes: &'v [Value],
    path: &str,
    query: &[(&str, &str)],
    request: &Lines,
) -> Option<Decided<'v>> {
    let asks = |param: &Value| query.iter().any(|(name, value)| param["name"] == *name && param["value"] == *value);
    let every_request = [Value::Null];
    let mut best: Option<([usize; 5], Decided<'v>)> = None;
    for (rule_index, rule) in routes.iter().flat_map(|route| list(&route["spec"]["rules"])).enumerate() {
        let matches = list(&rule["matches"]);
        for (match_index, found) in if matches.is_empty() { &every_request[..] } else { matches }.iter().enumerate() {
            let holds = path_matches(&found["path"], path)
                && found["method"].as_str().is_none_or(|method| method == "GET")
                && list(&found["headers"]).iter().all(|header| header_matches(reader, header, request))
                && list(&found["queryParams"]).iter().all(asks);
            let specificity = specificity(reader, found);
            if holds && best.as_ref().is_none_or(|(before, _)| specificity > *before) {
                best = Some((specificity, Decided { rule_index, match_index, rule }));
            }
        }
    }
    best.map(|(_, decided)| decided)
}

/// What decides between two matches, the most important first: an exact path, the length of the path, a method, the number of
/// headers and that of query parameters.
fn specificity(reader: Reader, found: &Value) -> [usize; 5] {
    let (kind, value) = path_of(&found["path"]);
    // The prefix `/` is one character long, and the prefix `/a/` two.
    let length = if kind == "Exact" { value.len() } else { value.trim_end_matches('/').len().max(1) };
    let exact = kind == "Exact" && reader != Reader::OldLinkerd;
    let count = |name: &str| list(&found[name]).len();
    [exact.into(), length, found["method"].is_string().into(), count("headers"), count("queryParams")]
}

/// The items of a list that may be missing.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The type and the text of a path, which may be missing: the defaults are the prefix and `/`.
fn path_of(path_match: &Value) -> (&str, &str) {
    (path_match["type"].as_str().unwrap_or("PathPrefix"), path_match["value"].as_str().unwrap_or("/"))
}

/// The variant of a Service: `c0`, `c1` and so on are the canaries.
fn variant(service: &Value) -> Variant {
    match service.as_str().unwrap().strip_prefix('c') {
        Some(index) => Variant::Canary(index.parse().unwrap()),
        None => Variant::Stable,
    }
}

/// The Set-Cookie header that a rule or a backend adds to responses.
fn cookie(rule: &Value) -> Option<String> {
    let filters = rule.get("filters")?.as_array().unwrap();
    let added = filters.iter().flat_map(|filter| filter["responseHeaderModifier"]["add"].as_array().unwrap());
    added
        .filter(|header| header["name"] == "Set-Cookie")
        .map(|header| header["value"].as_str().unwrap().to_owned())
        .next()
}

fn path_matches(path_match: &Value, path: &str) -> bool {
    let (kind, value) = path_of(path_match);
    match kind {
        "Exact" => path == value,
        "PathPrefix" => {
            let prefix = value.trim_end_matches('/');
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        other => panic!("{other}"),
    }
}

fn header_matches(reader: Reader, header_match: &Value, request: &Lines) -> bool {
    let name = header_match["name"].as_str().unwrap();
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    if reader == Reader::Envoy && name.eq_ignore_ascii_case("cookie") && lines.len() > 1 {
        lines = vec![lines.join("; ")];
    }
    let value = header_match["value"].as_str().unwrap();
    match header_match["type"].as_str().unwrap_or("Exact") {
        "Exact" => lines.iter().any(|line| line == value),
        "RegularExpression" => {
            let readable = |line: &&String| {
                reader == Reader::Envoy || line.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
            };
            lines.retain(|line| readable(&line));
            !lines.is_empty() && {
                // Envoy requires a match of the whole value, and Linkerd that the first match that is found is the whole value.
                let regex =
                    ascii_regex(&if reader == Reader::Envoy { format!("^(?:{value})$") } else { value.to_owned() });
                lines
                    .iter()
                    .any(|line| regex.find(line.as_bytes()).is_some_and(|found| found.range() == (0..line.len())))
            }
        }
        other => panic!("{other}"),
    }
}

/// The CEL rules of the HTTPRoute CRD, and the rules in its text, that an object of this crate breaks.
pub fn rules_broken(route: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let empty = Vec::new();
    let list = |of: &Value, name: &str| of[name].as_array().unwrap_or(&empty).clone();
    let spec = &route["spec"];
    let rules = list(spec, "rules");
    // An API server adds a match to a rule without one before it checks these rules.
    let all: usize = rules.iter().map(|rule| list(rule, "matches").len().max(1)).sum();
    if all > 128 {
        broken.push(format!("spec.rules: {all} matches"));
    }
    let parents: Vec<String> = list(spec, "parentRefs").iter().map(Value::to_string).collect();
    if (1..parents.len()).any(|index| parents[..index].contains(&parents[index])) {
        broken.push("spec.parentRefs: the same twice".to_owned());
    }
    for (at, rule) in rules.iter().enumerate() {
        let refs = list(rule, "backendRefs");
        if refs.is_empty() || refs.iter().all(|backend| backend["weight"] == 0) {
            broken.push(format!("spec.rules[{at}]: no backend answers"));
        }
        for backend in refs.iter().filter(|backend| backend.get("port").is_none()) {
            broken.push(format!("spec.rules[{at}].backendRefs: {} has no port", backend["name"]));
        }
        for filters in std::iter::once(rule).chain(&refs).map(|of| list(of, "filters")) {
            let kinds: Vec<&str> = filters.iter().map(|filter| filter["type"].as_str().unwrap()).collect();
            let modifiers = filters.iter().all(|filter| filter.get("responseHeaderModifier").is_some());
            if kinds.len() > 1 || kinds.iter().any(|kind| *kind != "ResponseHeaderModifier") || !modifiers {
                broken.push(format!("spec.rules[{at}]: filters {kinds:?}"));
            }
        }
        for found in list(rule, "matches") {
            let path = found["path"]["value"].as_str().unwrap_or("/");
            let parts = ["//", "/./", "/../", "%2f", "%2F", "#"];
            let ends = ["/..", "/."];
            if !path.starts_with('/')
                || parts.iter().any(|part| path.contains(part))
                || ends.iter().any(|end| path.ends_with(end))
            {
                broken.push(format!("spec.rules[{at}]: path {path}"));
            }
            let mut names: Vec<String> =
                list(&found, "headers").iter().map(|header| header["name"].to_string().to_lowercase()).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            if names.len() < count {
                broken.push(format!("spec.rules[{at}]: a header is named twice, and the second one is ignored"));
            }
        }
    }
    broken
}
