//! Which annotation or field two controllers read in another way.

use std::collections::BTreeMap;

use crate::targets::nginx::{Aspect, CanaryInForce, Config, Dialect, Flags, ParsedAnnotations, parse};

/// The annotation or field of a canary that is read in another way because of this aspect. `annotations` are those of the Ingress
/// of the canary.
pub(super) fn field(
    aspect: Option<Aspect>,
    canary: &CanaryInForce,
    annotations: Option<&BTreeMap<String, String>>,
    here: &Flags,
    there: &Dialect,
) -> &'static str {
    match aspect {
        // A value that is none of the canary's is one of the affinity.
        Some(Aspect::Checks) => annotations.and_then(|all| dropped(all, here, there)).unwrap_or("affinity"),
        None => "canary",
        Some(Aspect::Total) => "canary-weight-total",
        Some(Aspect::Words) if canary.config.header.is_empty() => "canary-by-cookie",
        Some(Aspect::Words) => "canary-by-header",
        Some(Aspect::HeaderValue) => "canary-by-header-value",
        Some(Aspect::HeaderPattern) => "canary-by-header-pattern",
        Some(Aspect::CookieValue) => "canary-by-cookie-value",
        Some(Aspect::Combination) => "canary-weight",
        Some(Aspect::Affinity) => "affinity",
        // The other annotation with a boolean, `canary`, makes the Ingress an ordinary one.
        Some(Aspect::Bools) => "session-cookie-secure",
        Some(
            Aspect::Attachment | Aspect::SeveralCanaries | Aspect::DeletesUnmatched | Aspect::SkipsWithoutEndpoints,
        ) => "spec",
        Some(Aspect::OtherNamespaces) => "metadata.namespace",
    }
}

/// The first annotation whose value only one of the controllers accepts, beside the other rules of one of the two.
fn dropped(annotations: &BTreeMap<String, String>, here: &Flags, there: &Dialect) -> Option<&'static str> {
    let all = Aspect::ALL.into_iter().fold(here.dialect, |mixed, aspect| aspect.of(there, &mixed));
    [here.dialect, all].into_iter().find_map(|base| {
        let read =
            |checks: &Dialect| parse(annotations, &Flags { dialect: Aspect::Checks.of(checks, &base), ..here.clone() });
        let (one, other) = (read(&here.dialect), read(there));
        let (one, other) = (texts(&one)?, texts(&other)?);
        let mut both = one.into_iter().zip(other);
        both.find(|((_, one), (_, other))| one != other).map(|((annotation, _), _)| annotation)
    })
}

/// The texts of the rules that have an effect, each with its annotation; `None` if the Ingress is no canary.
fn texts(parsed: &ParsedAnnotations) -> Option<[(&'static str, &str); 5]> {
    let ParsedAnnotations { config, cookie_value, findings: _ } = parsed;
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie } =
        config.as_ref().ok()?;
    let (value, pattern) = if header.is_empty() { ("", "") } else { (header_value.as_str(), header_pattern.as_str()) };
    Some([
        ("canary-by-header", header),
        ("canary-by-header-value", value),
        ("canary-by-header-pattern", pattern),
        ("canary-by-cookie", cookie),
        ("canary-by-cookie-value", if cookie.is_empty() { "" } else { cookie_value }),
    ])
}
