//! What HTTPRoutes make of a request.

use canary_policy::Variant;
use canary_policy::targets::{Path, PathType};
use serde_json::Value;

use super::routing::{Lines, Outcome};

/// Paths, `/cart` as a prefix and `=/cart` exactly.
pub fn paths(text: &str) -> Vec<(Path, PathType)> {
    let path = |text: &str| match text.strip_prefix('=') {
        Some(exact) => (exact.parse().unwrap(), PathType::Exact),
        None => (text.parse().unwrap(), PathType::Prefix),
    };
    text.split(' ').map(path).collect()
}

/// Who reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// What is built on Envoy: each line of a header by itself, several Cookie lines as one.
    Envoy,
    /// Linkerd's proxy (`linkerd/http/route/src`, version 2.366): each line by itself, and a regular expression only on
    /// visible ASCII, where what is found first has to be all of it.
    Linkerd,
    /// One before, to which a path that is a prefix and one that is exact are alike if they are as long.
    OldLinkerd,
}

/// What the routes do with a request: the most specific match of all of them decides, and among equals the first one
/// (`apis/v1/httproute_types.go` of version 1.6.1, "Proxy or Load Balancer routing configuration generated from
/// HTTPRoutes").
pub fn routed(reader: Reader, routes: &[Value], path: &str, request: &Lines) -> Outcome {
    let everything = [serde_json::json!({ "path": { "type": "PathPrefix", "value": "/" } })];
    let mut best: Option<((bool, usize, usize), &Value)> = None;
    for rule in routes.iter().flat_map(|route| route["spec"]["rules"].as_array().unwrap()) {
        for found in rule["matches"].as_array().map_or(&everything[..], Vec::as_slice) {
            let headers = found["headers"].as_array().map_or(&[][..], Vec::as_slice);
            let (kind, value) = (&found["path"]["type"], found["path"]["value"].as_str().unwrap());
            // As a prefix `/` is one character long, and `/a/` two.
            let length = if kind == "Exact" { value.len() } else { value.trim_end_matches('/').len().max(1) };
            let specificity = (kind == "Exact" && reader != Reader::OldLinkerd, length, headers.len());
            let beats = best.is_none_or(|(before, _)| specificity > before);
            let matches = |header: &Value| header_matches(reader, header, request);
            if beats && path_matches(&found["path"], path) && headers.iter().all(matches) {
                best = Some((specificity, rule));
            }
        }
    }
    let Some((_, rule)) = best else { return Outcome::Nothing };
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

/// Canaries are the Services `c0`, `c1` …
fn variant(service: &Value) -> Variant {
    match service.as_str().unwrap().strip_prefix('c') {
        Some(index) => Variant::Canary(index.parse().unwrap()),
        None => Variant::Stable,
    }
}

fn cookie(of: &Value) -> Option<String> {
    let filters = of.get("filters")?.as_array().unwrap();
    let added = filters.iter().flat_map(|filter| filter["responseHeaderModifier"]["add"].as_array().unwrap());
    added
        .filter(|header| header["name"] == "Set-Cookie")
        .map(|header| header["value"].as_str().unwrap().to_owned())
        .next()
}

fn path_matches(wanted: &Value, path: &str) -> bool {
    let value = wanted["value"].as_str().unwrap();
    match wanted["type"].as_str().unwrap() {
        "Exact" => path == value,
        "PathPrefix" => {
            let prefix = value.trim_end_matches('/');
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        other => panic!("{other}"),
    }
}

fn header_matches(reader: Reader, wanted: &Value, request: &Lines) -> bool {
    let name = wanted["name"].as_str().unwrap();
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    if reader == Reader::Envoy && name.eq_ignore_ascii_case("cookie") && lines.len() > 1 {
        lines = vec![lines.join("; ")];
    }
    let value = wanted["value"].as_str().unwrap();
    match wanted["type"].as_str().unwrap() {
        "Exact" => lines.iter().any(|line| line == value),
        "RegularExpression" => {
            let readable = |line: &&String| {
                reader == Reader::Envoy || line.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
            };
            lines.retain(|line| readable(&line));
            !lines.is_empty() && {
                let regex = regex::bytes::RegexBuilder::new(value).unicode(false).build().unwrap();
                // Envoy wants the whole value to match, which the anchors make the same as what is found first.
                lines
                    .iter()
                    .any(|line| regex.find(line.as_bytes()).is_some_and(|found| found.range() == (0..line.len())))
            }
        }
        other => panic!("{other}"),
    }
}

/// What the rules in CEL and the text of the HTTPRoute CRD say of an object, as far as this crate could break it.
pub fn rules_broken(route: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let empty = Vec::new();
    let list = |of: &Value, name: &str| of[name].as_array().unwrap_or(&empty).clone();
    let spec = &route["spec"];
    let rules = list(spec, "rules");
    // A rule without a match gets one before the rules are run.
    let all: usize = rules.iter().map(|rule| list(rule, "matches").len().max(1)).sum();
    if all > 128 {
        broken.push(format!("spec.rules: {all} matches"));
    }
    let parents: Vec<String> = list(spec, "parentRefs").iter().map(Value::to_string).collect();
    if (1..parents.len()).any(|index| parents[..index].contains(&parents[index])) {
        broken.push("spec.parentRefs: twice the same".to_owned());
    }
    for (at, rule) in rules.iter().enumerate() {
        let refs = list(rule, "backendRefs");
        if refs.is_empty() || refs.iter().all(|backend| backend["weight"] == 0) {
            broken.push(format!("spec.rules[{at}]: nothing answers"));
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
                broken.push(format!("spec.rules[{at}]: of two headers of a name one is ignored"));
            }
        }
    }
    broken
}
