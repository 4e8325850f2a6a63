//! The risk of annotations, and the highest risk that the controller accepts.

use std::fmt;

/// The highest risk of an annotation that the controller accepts: `annotations-risk-level` in its `ConfigMap`, by default
/// [`High`](RiskLevel::High).
///
/// The controller does not store an Ingress that has a riskier annotation, so that the Ingress is neither stable nor canary.
/// At the level `Low` it stores no canary with a header rule or a cookie rule.
///
/// ```
/// use canary_policy::targets::nginx::RiskLevel;
///
/// assert_eq!(RiskLevel::of_config("medium"), RiskLevel::Medium);
/// assert_eq!(RiskLevel::of_config("moderate"), RiskLevel::Low);
/// assert!(RiskLevel::default() < RiskLevel::Critical);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum RiskLevel {
    /// Annotations with a few fixed values, and numbers.
    Low,
    /// Also annotations with names and patterns, such as `canary-by-header`.
    Medium,
    /// Also annotations that change what nginx does, such as `server-alias`.
    #[default]
    High,
    /// Every annotation, also snippets of nginx configuration.
    Critical,
}

impl RiskLevel {
    /// The level that the controller reads from its `ConfigMap` (controller 1.15.1, `parser.StringRiskToRisk`). Letter case does
    /// not matter, and every unknown word is [`Low`](RiskLevel::Low).
    #[must_use]
    pub fn of_config(text: &str) -> Self {
        match text.to_lowercase().as_str() {
            "medium" => RiskLevel::Medium,
            "high" => RiskLevel::High,
            "critical" => RiskLevel::Critical,
            _ => RiskLevel::Low,
        }
    }

    /// The risk of an annotation, without its prefix. Annotations that the controller does not know have the lowest risk.
    pub(super) fn of_annotation(annotation: &str) -> Self {
        if CRITICAL.contains(&annotation) {
            RiskLevel::Critical
        } else if HIGH.contains(&annotation) {
            RiskLevel::High
        } else if MEDIUM.contains(&annotation) {
            RiskLevel::Medium
        } else {
            RiskLevel::Low
        }
    }

    /// Whether the controller reads an annotation of this name, without its prefix.
    pub(super) fn is_annotation(name: &str) -> bool {
        [&CRITICAL[..], &HIGH, &MEDIUM, &LOW].iter().any(|names| names.contains(&name))
    }
}

/// The word in the controller's `ConfigMap`.
impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RiskLevel::Low => "Low",
            RiskLevel::Medium => "Medium",
            RiskLevel::High => "High",
            RiskLevel::Critical => "Critical",
        })
    }
}

// Source of the lists: ingress-nginx, `docs/user-guide/nginx-configuration/annotations-risk.md`, which is generated from
// the annotation parsers.

const CRITICAL: [&str; 5] =
    ["auth-snippet", "configuration-snippet", "modsecurity-snippet", "server-snippet", "stream-snippet"];

const HIGH: [&str; 10] = [
    "auth-signin",
    "auth-tls-error-page",
    "auth-tls-match-cn",
    "auth-url",
    "mirror-host",
    "mirror-target",
    "modsecurity-transaction-id",
    "proxy-ssl-name",
    "server-alias",
    "upstream-hash-by",
];

const MEDIUM: [&str; 45] = [
    "affinity-mode",
    "allowlist-source-range",
    "app-root",
    "auth-cache-duration",
    "auth-cache-key",
    "auth-proxy-set-headers",
    "auth-realm",
    "auth-request-redirect",
    "auth-response-headers",
    "auth-secret",
    "auth-signin-redirect-param",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "cors-allow-headers",
    "cors-allow-methods",
    "cors-allow-origin",
    "cors-expose-headers",
    "custom-headers",
    "denylist-source-range",
    "fastcgi-index",
    "fastcgi-params-configmap",
    "force-ssl-redirect",
    "opentelemetry-operation-name",
    "permanent-redirect",
    "preserve-trailing-slash",
    "proxy-body-size",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-next-upstream",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "proxy-ssl-ciphers",
    "proxy-ssl-secret",
    "rewrite-target",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-max-age",
    "session-cookie-name",
    "session-cookie-path",
    "temporal-redirect",
    "x-forwarded-prefix",
];

// The two with `whitelist` are older names, which the controller reads without looking at their risk.
const LOW: [&str; 77] = [
    "affinity",
    "affinity-canary-behavior",
    "auth-always-set-cookie",
    "auth-keepalive",
    "auth-keepalive-requests",
    "auth-keepalive-share-vars",
    "auth-keepalive-timeout",
    "auth-method",
    "auth-secret-type",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-verify-depth",
    "auth-type",
    "backend-protocol",
    "canary",
    "canary-weight",
    "canary-weight-total",
    "client-body-buffer-size",
    "connection-proxy-header",
    "cors-allow-credentials",
    "cors-max-age",
    "custom-http-errors",
    "default-backend",
    "disable-proxy-intercept-errors",
    "enable-access-log",
    "enable-cors",
    "enable-global-auth",
    "enable-modsecurity",
    "enable-opentelemetry",
    "enable-owasp-core-rules",
    "enable-rewrite-log",
    "from-to-www-redirect",
    "http2-push-preload",
    "limit-allowlist",
    "limit-burst-multiplier",
    "limit-connections",
    "limit-rate",
    "limit-rate-after",
    "limit-rpm",
    "limit-rps",
    "limit-whitelist",
    "load-balance",
    "mirror-request-body",
    "opentelemetry-trust-incoming-span",
    "permanent-redirect-code",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-connect-timeout",
    "proxy-http-version",
    "proxy-max-temp-file-size",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-protocols",
    "proxy-ssl-server-name",
    "proxy-ssl-verify",
    "proxy-ssl-verify-depth",
    "satisfy",
    "service-upstream",
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "session-cookie-partitioned",
    "session-cookie-samesite",
    "session-cookie-secure",
    "ssl-ciphers",
    "ssl-passthrough",
    "ssl-prefer-server-ciphers",
    "ssl-redirect",
    "temporal-redirect-code",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    "upstream-vhost",
    "use-port-in-redirects",
    "use-regex",
    "whitelist-source-range",
];
