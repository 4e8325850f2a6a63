//! The paths that a rule of a canary on a shorter path outranks in Traefik.
//!
//! Traefik makes a router for each location, and a further one for the rules of its canary. Of the routers that match a request,
//! that with the longest text decides (Traefik 3.7, `translator.go` of the provider for ingress-nginx, and issue 13785). The texts
//! of the routers of one host begin alike, with the name of the host, which is left out here.

use crate::targets::nginx::{CanaryInForce, Config, Location, VirtualHost};

/// The longer paths that a request may not reach if a rule of the location's canary matches it, as `HOST/PATH`.
pub(super) fn outranked(host: &VirtualHost, location: &Location, canary: &CanaryInForce) -> Vec<String> {
    let rules = condition(&canary.config).filter(|_| location.path_type != "Exact");
    let Some(rules) = rules else { return Vec::new() };
    let with_rule = format!("({}) && ({rules})", path_rule(location)).len();
    let has_router = |other: &Location| other.canary.iter().any(|canary| condition(&canary.config).is_some());
    let others = host.locations.iter().filter(|other| other.path.len() > location.path.len());
    let others = others.filter(|other| is_below(&other.path, &location.path) && !has_router(other));
    let others = others.filter(|other| path_rule(other).len() <= with_rule);
    others.map(|other| format!("{}{}", host.host, other.path)).collect()
}

/// The exact paths of the host that the router of a prefix can decide before, because its text is not shorter, as `HOST/PATH`.
pub(super) fn outranked_exact(host: &VirtualHost, location: &Location) -> Vec<String> {
    let exact = host.locations.iter().filter(|exact| is_outranked(exact, location));
    exact.map(|exact| format!("{}{}", host.host, exact.path)).collect()
}

/// The prefixes of the host whose routers can decide before that of an exact path, as `HOST/PATH`.
pub(super) fn outranking_prefixes(host: &VirtualHost, location: &Location) -> Vec<String> {
    let prefixes = host.locations.iter().filter(|prefix| is_outranked(location, prefix));
    prefixes.map(|prefix| format!("{}{}", host.host, prefix.path)).collect()
}

/// Whether a request for an exact path can be decided by a prefix. A location that only the controller made has no router.
fn is_outranked(exact: &Location, prefix: &Location) -> bool {
    let is_pair = exact.path_type == "Exact" && prefix.path_type != "Exact" && !prefix.is_default_backend;
    let matches = is_pair && (exact.path == prefix.path || is_below(&exact.path, &prefix.path));
    matches && path_rule(prefix).len() >= path_rule(exact).len()
}

/// Whether a path begins with a prefix and a `/`.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// The text of a path in a router.
fn path_rule(location: &Location) -> String {
    let path = location.path.as_str();
    match path.strip_suffix('/').unwrap_or(path) {
        _ if location.path_type == "Exact" => format!("Path({})", quoted(path)),
        "" => "PathPrefix(\"/\")".to_owned(),
        trimmed => format!("(Path({}) || PathPrefix({}))", quoted(trimmed), quoted(&format!("{trimmed}/"))),
    }
}

/// The text of the rules of a canary in a router; `None` if it has no rule (`appendCanaryRule`).
fn condition(config: &Config) -> Option<String> {
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie } = config;
    let name = quoted(header);
    let mut rules = Vec::new();
    if !header.is_empty() {
        rules.push(match (header_value.as_str(), header_pattern.as_str()) {
            ("", "") => format!("Header({name}, \"always\")"),
            ("", pattern) => format!("HeaderRegexp({name}, {})", quoted(pattern)),
            (value, _) => format!("Header({name}, {})", quoted(value)),
        });
    }
    if !cookie.is_empty() {
        let expression = format!("(^|;\\s*){}=always(;|$)", escaped(cookie));
        let rule = format!("HeaderRegexp(\"Cookie\", {})", quoted(&expression));
        let is_plain = !header.is_empty() && header_value.is_empty() && header_pattern.is_empty();
        rules.push(if is_plain { format!("({rule} && !Header({name}, \"never\"))") } else { rule });
    }
    (!rules.is_empty()).then(|| rules.join(" || "))
}

/// A text as Go quotes it with `%q`, in which a backslash, a quotation mark and a character that cannot be printed are escaped. The
/// texts of annotations have no such character except the backslash of a pattern.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '\\' | '"' => quoted.extend(['\\', character]),
            '\u{7}' => quoted.push_str(r"\a"),
            '\u{8}' => quoted.push_str(r"\b"),
            '\u{b}' => quoted.push_str(r"\v"),
            '\u{c}' => quoted.push_str(r"\f"),
            '\t' | '\n' | '\r' => quoted.extend(character.escape_default()),
            _ if character.is_ascii_control() => quoted.extend(format!(r"\x{:02x}", u32::from(character)).chars()),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A text as an expression that matches it, as Go escapes it (`regexp.QuoteMeta`): other engines escape the `-` too.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
