//! The annotations of stable Ingresses that a virtual host cannot hold.

use crate::policy::AffinityScope;
use crate::targets::nginx::annotations::getter::{Getter, normalized};
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::annotations::{grpc_condition, is_default, key};
use crate::targets::nginx::cluster::ingress_affinity::COOKIE;
use crate::targets::nginx::cluster::stored_ingress::StoredIngress;
use crate::targets::nginx::{AnnotationFinding, AnnotationKind, BoolRule, Flags, RiskLevel, Side, parse};

const USE_REGEX: &str = "use-regex";
const REWRITE_TARGET: &str = "rewrite-target";
const SERVER_ALIAS: &str = "server-alias";
const SSL_REDIRECT: &str = "ssl-redirect";

/// The annotations with which the controller answers requests itself, or refuses them, or speaks to a backend in another protocol.
const ANSWERS: [&str; 22] = [
    "allowlist-source-range",
    "app-root",
    "auth-tls-secret",
    "auth-type",
    "auth-url",
    "backend-protocol",
    "configuration-snippet",
    "custom-http-errors",
    "denylist-source-range",
    "enable-cors",
    "enable-modsecurity",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "limit-connections",
    "limit-rpm",
    "limit-rps",
    "modsecurity-snippet",
    "permanent-redirect",
    "server-snippet",
    "ssl-passthrough",
    "temporal-redirect",
    "whitelist-source-range",
];

/// Whether an annotation holds for the whole host, even if its Ingress has no location there (controller 1.15.1, `createServers` in
/// `internal/ingress/controller/controller.go`).
pub(super) fn is_of_server(name: &str, is_canary: bool) -> bool {
    name == "auth-tls-secret" || (!is_canary && ["server-snippet", "ssl-passthrough"].contains(&name))
}

/// Whether the controller redirects plain HTTP for the hosts that have a certificate, which it does by default.
pub(super) fn redirects_to_https(ingress: &StoredIngress<'_>, flags: &Flags) -> bool {
    value_of(ingress, SSL_REDIRECT, flags).and_then(|value| BoolRule::Go.read(&value)) != Some(false)
}

/// Whether the controller answers some requests in another way because of this annotation.
pub(super) fn changes_answers(name: &str) -> bool {
    ANSWERS.contains(&name)
}

/// An annotation of one Ingress that makes the controller compare every path of the host as a regular expression, letter case
/// aside (controller 1.15.1, `enforceRegexModifier` in `internal/ingress/controller/template/template.go`).
#[derive(Clone, Copy)]
pub(super) enum RegexAnnotation {
    UseRegex,
    RewriteTarget,
}

impl RegexAnnotation {
    /// The annotation that an Ingress has for this path.
    pub(super) fn of(ingress: &StoredIngress<'_>, path: &str, flags: &Flags) -> Option<Self> {
        let value = |name| value_of(ingress, name, flags);
        if value(USE_REGEX).and_then(|value| BoolRule::Go.read(&value)) == Some(true) {
            Some(RegexAnnotation::UseRegex)
        } else if value(REWRITE_TARGET).is_some_and(|target| !target.is_empty() && target != path) {
            Some(RegexAnnotation::RewriteTarget)
        } else {
            None
        }
    }

    /// Why a path with characters of a regular expression is left out.
    pub(super) const fn why_left_out(self) -> &'static str {
        match self {
            RegexAnnotation::UseRegex => "`use-regex` is set on the host, so the path is a regular expression",
            RegexAnnotation::RewriteTarget => {
                "`rewrite-target` is set on the host, so the path is a regular expression"
            }
        }
    }

    /// Why the other paths are read as prefixes, although the controller compares them in another way.
    pub(super) const fn why_assumed(self) -> &'static str {
        match self {
            RegexAnnotation::UseRegex => {
                "`use-regex` is set on the host, so the controller compares the beginning of the path, letter case aside"
            }
            RegexAnnotation::RewriteTarget => {
                "`rewrite-target` is set on the host, so the controller compares the beginning of the path, letter case aside"
            }
        }
    }
}

/// The value of an annotation as the controller reads a text.
fn value_of(ingress: &StoredIngress<'_>, name: &str, flags: &Flags) -> Option<String> {
    flags.value(ingress.annotations, name).map(|raw| normalized(raw))
}

/// The annotations of a canary or of an affinity that the dialect reads in a way which no policy can express, or that is not known:
/// each with its value and the reason.
pub(super) fn inexact_annotations(ingress: &StoredIngress<'_>, flags: &Flags) -> Vec<(String, String, &'static str)> {
    let findings = if ingress.is_canary() {
        parse(ingress.annotations, flags).findings
    } else {
        let mut getter = Getter::new(Side::Stable, ingress.annotations, flags);
        // A cookie name that no policy can hold is a finding at the location.
        let _ = session_affinity(&mut getter, AffinityScope::AllVariants);
        getter.findings.into_vec()
    };
    let inexact = |AnnotationFinding { ingress: side, annotation, kind }: AnnotationFinding| {
        let (value, why) = match kind {
            AnnotationKind::CookieAsText { name } => {
                (name, "the controller finds the cookie as a text, and a policy reads cookies as nginx does")
            }
            AnnotationKind::NotKnown { value } => (value, "it is not known what the controller does with it"),
            AnnotationKind::OutsidePolicy { value } if side == Side::Canary => (value, "no policy can express it"),
            _ => return None,
        };
        Some((annotation.as_str().to_owned(), value.as_str().to_owned(), why))
    };
    findings.into_iter().filter_map(inexact).collect()
}

/// Whether the Ingress rewrites paths, which no virtual host does.
pub(super) fn rewrites(ingress: &StoredIngress<'_>, flags: &Flags) -> bool {
    value_of(ingress, REWRITE_TARGET, flags).is_some_and(|target| !target.is_empty())
}

/// Whether the Services of the Ingress speak gRPC.
pub(super) fn is_grpc(ingress: &StoredIngress<'_>, flags: &Flags) -> bool {
    flags.value(ingress.annotations, key::BACKEND_PROTOCOL).is_some_and(|value| grpc_condition(value).is_some())
}

/// The condition of an annotation by which all Services of a host speak gRPC.
pub(super) fn condition(name: &str, value: &str, is_grpc_host: bool) -> Option<&'static str> {
    if is_grpc_host && name == key::BACKEND_PROTOCOL { grpc_condition(value) } else { None }
}

/// The reason why an annotation with this value is left out; `None` if it is a part of the virtual host, or has no effect.
pub(super) fn why_left_out(name: &str, value: &str) -> Option<&'static str> {
    let is_of_policy = name.starts_with("session-cookie")
        || key::OF_CANARY.contains(&name)
        || [key::AFFINITY_MODE, key::AFFINITY_BEHAVIOR].contains(&name);
    let is_unread = is_of_policy || !RiskLevel::is_annotation(name) || is_default(name, value);
    let has_no_effect = match name {
        // They are read elsewhere: `use-regex` is a finding at each path that it changes.
        SERVER_ALIAS | USE_REGEX => true,
        key::AFFINITY => normalized(value) != COOKIE,
        _ => false,
    };
    match name {
        _ if is_unread || has_no_effect => None,
        REWRITE_TARGET => {
            Some("a virtual host rewrites no path: most targets have a filter for it, which has to be added")
        }
        key::AFFINITY => Some("the controller pins a client to one pod, and a policy pins a client to a variant"),
        _ => Some("a virtual host holds only hosts, paths, backends and policies"),
    }
}
