//! The session affinity in the annotations of one Ingress.

use std::collections::BTreeMap;

use crate::targets::nginx::annotations::getter::{Getter, normalized};
use crate::targets::nginx::annotations::{key, session_affinity};
use crate::targets::nginx::{Flags, Side};

/// The type of affinity that the balancer knows.
pub(in crate::targets::nginx) const COOKIE: &str = "cookie";

/// The session affinity of an Ingress as the controller holds it. The texts are empty if the annotations are absent or refused.
pub(in crate::targets::nginx) struct IngressAffinity {
    /// `affinity`.
    pub(in crate::targets::nginx) kind: String,
    /// `affinity-mode`, also without `affinity`.
    pub(in crate::targets::nginx) mode: String,
    /// `session-cookie-name` or its default, if the type is `cookie`.
    pub(in crate::targets::nginx) cookie_name: Option<String>,
    /// Whether `affinity-canary-behavior` is `legacy`, so that a canary keeps its own affinity, which is mostly none.
    pub(in crate::targets::nginx) is_legacy: bool,
}

impl IngressAffinity {
    /// Reads the annotations as controller 1.15.1 does (`internal/ingress/annotations/sessionaffinity/main.go`).
    pub(in crate::targets::nginx) fn of(annotations: &BTreeMap<String, String>, flags: &Flags) -> Self {
        let mut getter = Getter::new(Side::Stable, annotations, flags);
        let option = |annotation: &str, words: &[&str]| {
            let raw = flags.value(annotations, annotation).map(String::as_str).unwrap_or_default();
            let accepted = !flags.checks_values() || words.contains(&raw.trim());
            if accepted { normalized(raw) } else { String::new() }
        };
        let kind = option(key::AFFINITY, &[COOKIE]);
        let name = || {
            let name = getter.basic(key::SESSION_NAME, session_affinity::DEFAULT_NAME);
            name.unwrap_or_else(|| session_affinity::DEFAULT_NAME.to_owned())
        };
        IngressAffinity {
            cookie_name: (kind == COOKIE).then(name),
            mode: option(key::AFFINITY_MODE, &["balanced", "persistent"]),
            is_legacy: flags.dialect.affinity.reads_legacy()
                && option(key::AFFINITY_BEHAVIOR, &["sticky", "legacy"]) == "legacy",
            kind,
        }
    }
}
