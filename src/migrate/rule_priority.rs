//! Routers of Traefik: which of two paths decides if a canary has a rule.
//!
//! Traefik makes a router for each location, and a further one for the rules of its canary. Of the routers that match a request,
//! that with the longest text decides (Traefik 3.7, `translator.go` of the provider for ingress-nginx, and issue 13785).

use crate::targets::nginx::{CanaryInForce, Config, Location, VirtualHost};

/// The longer paths that a request does not reach if a rule of the location's canary matches it, as `HOST/PATH`.
pub(super) fn outranked(host: &VirtualHost, location: &Location, canary: &CanaryInForce) -> Vec<String> {
    let rules = condition(&canary.config).filter(|_| location.path_type != "Exact");
    let Some(rules) = rules else { return Vec::new() };
    let with_rule = format!("({}) && ({rules})", path_rule(location)).len();
    let has_router = |other: &Location| other.canary.iter().any(|canary| condition(&canary.config).is_some());
    let below = format!("{}/", location.path.trim_end_matches('/'));
    let others = host.locations.iter().filter(|other| other.path.len() > location.path.len());
    let others = others.filter(|other| other.path.starts_with(&below) && !has_router(other));
    let others = others.filter(|other| path_rule(other).len() < with_rule);
    others.map(|other| format!("{}{}", host.host, other.path)).collect()
}

/// The text of a path in a router.
fn path_rule(location: &Location) -> String {
    let path = location.path.as_str();
    match path.strip_suffix('/').unwrap_or(path) {
        _ if location.path_type == "Exact" => format!("Path(\"{path}\")"),
        "" => "PathPrefix(\"/\")".to_owned(),
        trimmed => format!("(Path(\"{trimmed}\") || PathPrefix(\"{trimmed}/\"))"),
    }
}

/// The text of the rules of a canary in a router; `None` if it has no rule.
fn condition(config: &Config) -> Option<String> {
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie } = config;
    let mut rules = Vec::new();
    if !header.is_empty() {
        rules.push(match (header_value.as_str(), header_pattern.as_str()) {
            ("", "") => format!("Header(\"{header}\", \"always\")"),
            ("", pattern) => format!("HeaderRegexp(\"{header}\", \"{pattern}\")"),
            (value, _) => format!("Header(\"{header}\", \"{value}\")"),
        });
    }
    if !cookie.is_empty() {
        let rule = format!("HeaderRegexp(\"Cookie\", \"(^|;\\\\s*){}=always(;|$)\")", regex::escape(cookie));
        let is_plain = !header.is_empty() && header_value.is_empty() && header_pattern.is_empty();
        rules.push(if is_plain { format!("({rule} && !Header(\"{header}\", \"never\"))") } else { rule });
    }
    (!rules.is_empty()).then(|| rules.join(" || "))
}
