//! A header value that repeats a text.

use std::fmt;

/// A header value that repeats a text many times, as in [`LintKind::PatternBacktracks`](super::super::LintKind::PatternBacktracks).
///
/// `Display` and `serde` escape bytes that are not visible ASCII.
///
/// ```
/// use canary_policy::targets::nginx::{Cluster, Flags, Ingress, LintKind, lint};
/// use serde_json::json;
///
/// let ingress = |name: &str, annotations: serde_json::Value| -> Ingress {
///     let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
///     serde_json::from_value(json!({
///         "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///         "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
///         "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
///             { "path": "/", "pathType": "Prefix", "backend": backend },
///         ] } }] },
///     })).unwrap()
/// };
/// let canary = json!({
///     "nginx.ingress.kubernetes.io/canary": "true",
///     "nginx.ingress.kubernetes.io/canary-by-header": "x-team",
///     "nginx.ingress.kubernetes.io/canary-by-header-pattern": "^(a+)+$",
/// });
/// let findings =
///     lint(&Cluster::new(Flags::default()).with_ingresses([ingress("web", json!({})), ingress("next", canary)]));
///
/// let LintKind::PatternBacktracks { value } = &findings[0].kind else { panic!("{findings:?}") };
/// assert_eq!(value.to_string(), "23 times `a`, then `b`");
/// assert_eq!(value.to_bytes(), b"aaaaaaaaaaaaaaaaaaaaaaab");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RepeatedValue {
    /// The text before the repetitions.
    #[cfg_attr(feature = "serde", serde(serialize_with = "escaped"))]
    pub prefix: Vec<u8>,
    /// The text that is repeated.
    #[cfg_attr(feature = "serde", serde(serialize_with = "escaped"))]
    pub repeated: Vec<u8>,
    /// How often it is repeated.
    pub times: usize,
    /// The text after the repetitions.
    #[cfg_attr(feature = "serde", serde(serialize_with = "escaped"))]
    pub suffix: Vec<u8>,
}

#[cfg(feature = "serde")]
fn escaped<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&bytes.escape_ascii())
}

impl RepeatedValue {
    /// The value that is written with the shortest texts.
    pub(super) fn new(mut prefix: Vec<u8>, mut repeated: Vec<u8>, mut times: usize, suffix: Vec<u8>) -> Self {
        let is_root = |len: &usize| repeated.chunks(*len).all(|part| Some(part) == repeated.get(..*len));
        if let Some(len) = (1..repeated.len()).find(is_root) {
            times *= repeated.len() / len;
            repeated.truncate(len);
        }
        while prefix.ends_with(&repeated) {
            prefix.truncate(prefix.len() - repeated.len());
            times += 1;
        }
        RepeatedValue { prefix, repeated, times, suffix }
    }

    /// The value.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.prefix.as_slice(), &self.repeated.repeat(self.times), &self.suffix].concat()
    }
}

impl fmt::Display for RepeatedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepeatedValue { prefix, repeated, times, suffix } = self;
        if !prefix.is_empty() {
            write!(f, "`{}`, then ", prefix.escape_ascii())?;
        }
        write!(f, "{times} times `{}`", repeated.escape_ascii())?;
        if !suffix.is_empty() {
            write!(f, ", then `{}`", suffix.escape_ascii())?;
        }
        Ok(())
    }
}
