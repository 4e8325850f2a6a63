//! The names of the annotations that a canary is made of, without their prefix.

pub(in crate::targets::nginx) const CANARY: &str = "canary";
pub(in crate::targets::nginx) const WEIGHT: &str = "canary-weight";
pub(super) const WEIGHT_TOTAL: &str = "canary-weight-total";
pub(in crate::targets::nginx) const HEADER: &str = "canary-by-header";
pub(super) const HEADER_VALUE: &str = "canary-by-header-value";
pub(in crate::targets::nginx) const HEADER_PATTERN: &str = "canary-by-header-pattern";
pub(in crate::targets::nginx) const COOKIE: &str = "canary-by-cookie";
/// Not in ingress-nginx; some dialects have it.
pub(in crate::targets::nginx) const COOKIE_VALUE: &str = "canary-by-cookie-value";
pub(in crate::targets::nginx) const AFFINITY_BEHAVIOR: &str = "affinity-canary-behavior";
pub(in crate::targets::nginx) const AFFINITY: &str = "affinity";
pub(in crate::targets::nginx) const AFFINITY_MODE: &str = "affinity-mode";
pub(in crate::targets::nginx) const BACKEND_PROTOCOL: &str = "backend-protocol";
pub(in crate::targets::nginx) const SESSION_NAME: &str = "session-cookie-name";
pub(super) const SESSION_EXPIRES: &str = "session-cookie-expires";
pub(super) const SESSION_MAX_AGE: &str = "session-cookie-max-age";
pub(super) const SESSION_PATH: &str = "session-cookie-path";
pub(super) const SESSION_DOMAIN: &str = "session-cookie-domain";
pub(super) const SESSION_SECURE: &str = "session-cookie-secure";
pub(super) const SESSION_SAME_SITE: &str = "session-cookie-samesite";
pub(super) const SESSION_CHANGE: &str = "session-cookie-change-on-failure";
pub(super) const SESSION_CONDITIONAL: &str = "session-cookie-conditional-samesite-none";

/// The annotations of the canary rules. The controller reads them from the canary Ingress.
pub(in crate::targets::nginx) const OF_CANARY: [&str; 7] =
    [CANARY, WEIGHT, WEIGHT_TOTAL, HEADER, HEADER_VALUE, HEADER_PATTERN, COOKIE];

/// The annotations of the affinity. The controller reads them from the stable Ingress.
pub(super) const OF_STABLE: [&str; 11] = [
    AFFINITY,
    AFFINITY_MODE,
    SESSION_NAME,
    SESSION_EXPIRES,
    SESSION_MAX_AGE,
    SESSION_PATH,
    SESSION_DOMAIN,
    SESSION_SECURE,
    SESSION_SAME_SITE,
    SESSION_CHANGE,
    SESSION_CONDITIONAL,
];

/// The annotations of the affinity cookie that a policy expresses.
pub(in crate::targets::nginx) const OF_COOKIE: [&str; 8] = [
    AFFINITY,
    SESSION_NAME,
    SESSION_EXPIRES,
    SESSION_MAX_AGE,
    SESSION_PATH,
    SESSION_DOMAIN,
    SESSION_SAME_SITE,
    SESSION_SECURE,
];
