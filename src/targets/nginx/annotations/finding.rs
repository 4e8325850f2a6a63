//! Findings about annotations, and the list in which the parser and the reader collect them.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Diagnostic, Excerpt, Severity};

/// An annotation that does not mean what it seems to mean.
///
/// With `serde` it is written as `{"ingress": "canary", "annotation": "canary-weight", "kind": "invalidValue", …}`.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::error::Diagnostic;
/// use canary_policy::targets::nginx::{parse, Flags, Side};
///
/// let annotations = BTreeMap::from([
///     ("nginx.ingress.kubernetes.io/canary".to_owned(), "true".to_owned()),
///     ("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "10%".to_owned()),
/// ]);
/// let finding = &parse(&annotations, &Flags::default()).findings[0];
/// assert_eq!((finding.ingress, finding.annotation.as_str(), finding.code()), (Side::Canary, "canary-weight", "invalid-value"));
/// assert_eq!(finding.to_string(), "canary-weight: `10%` is not valid, so the controller uses 0: expected an integer");
/// # #[cfg(feature = "serde")]
/// assert_eq!(serde_json::to_value(finding).unwrap()["kind"], "invalidValue");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AnnotationFinding {
    /// The Ingress that has the annotation.
    pub ingress: Side,
    /// The annotation, without its prefix.
    pub annotation: Excerpt,
    /// What is unexpected about it.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub kind: AnnotationKind,
}

/// One of the two Ingresses that a canary needs. The enum is exhaustive: there is no third.
///
/// ```
/// use canary_policy::targets::nginx::Side;
///
/// assert_eq!((Side::Canary.to_string(), Side::Canary.other()), ("canary".to_owned(), Side::Stable));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Side {
    /// The stable Ingress: an ordinary Ingress, which gets the requests that the canary does not get.
    Stable,
    /// The canary Ingress: the annotation `canary` is true.
    Canary,
}

impl Side {
    /// `stable` or `canary`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Stable => "stable",
            Side::Canary => "canary",
        }
    }

    /// The other one of the two Ingresses.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Side::Stable => Side::Canary,
            Side::Canary => Side::Stable,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is unexpected about an annotation; [`AnnotationFinding`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum AnnotationKind {
    /// The controller refuses the value, says so only in its log, and uses a default.
    InvalidValue {
        /// The value.
        value: Excerpt,
        /// The values that the controller accepts.
        expected: &'static str,
        /// The default that the controller uses.
        default: &'static str,
    },
    /// The controller removes white space at the ends of the value, or of a line of the value.
    Trimmed {
        /// The value.
        value: Excerpt,
    },
    /// A weight below 0 counts as 0.
    WeightBelowZero {
        /// The weight.
        weight: i64,
    },
    /// A weight above the total counts as the total.
    WeightAboveTotal {
        /// The weight.
        weight: i64,
        /// The effective total.
        total: i64,
    },
    /// A total below 100 counts as 100.
    TotalIgnored {
        /// The total.
        total: i64,
    },
    /// An age below 0 counts as 0: a browser drops the cookie at once in both cases.
    AgeBelowZero {
        /// The age in seconds.
        seconds: i64,
    },
    /// A browser ignores `session-cookie-expires` if `session-cookie-max-age` is set.
    ExpiresIgnored {
        /// The age in seconds.
        seconds: i64,
    },
    /// The controller ignores the pattern of a header rule that also has a value.
    PatternIgnored {
        /// The pattern.
        pattern: Excerpt,
    },
    /// The controller ignores the value or the pattern of a header rule without a header name.
    NoHeaderName {
        /// The value or the pattern.
        value: Excerpt,
    },
    /// A `_` in the header name stands for `-`, since nginx drops request headers that have `_` in their names.
    HeaderUnderscore {
        /// The header name.
        name: Excerpt,
    },
    /// nginx drops every request header with this name, so that the rule never matches.
    HeaderNeverSeen {
        /// The header name.
        name: Excerpt,
    },
    /// The annotation begins with `canary`, and the controller does not know it.
    UnknownAnnotation,
    /// The annotation has no effect on this Ingress. It belongs on the [`other`](Side::other) Ingress.
    WrongIngress,
    /// The annotation has no effect without `affinity: cookie` on the stable Ingress.
    NoAffinity,
    /// The controller of the dialect ignores the value, because another rule is set.
    IgnoredBeside {
        /// The value.
        value: Excerpt,
        /// The annotation of the other rule.
        by: &'static str,
    },
    /// The controller of the dialect looks for the text `NAME=VALUE` in the cookies: with its letter case, and without blanks
    /// around the `=`. A policy reads cookies as nginx does.
    CookieAsText {
        /// The name of the cookie.
        name: Excerpt,
    },
    /// It is not known what the controller of the dialect does with the annotation, so it is read as in ingress-nginx.
    NotKnown {
        /// The value.
        value: Excerpt,
    },
    /// The annotation has an effect that a policy cannot express.
    OutsidePolicy {
        /// The value.
        value: Excerpt,
    },
}

impl Diagnostic for AnnotationFinding {
    fn code(&self) -> &'static str {
        match self.kind {
            AnnotationKind::InvalidValue { .. } => "invalid-value",
            AnnotationKind::Trimmed { .. } => "trimmed",
            AnnotationKind::WeightBelowZero { .. } => "weight-below-zero",
            AnnotationKind::WeightAboveTotal { .. } => "weight-above-total",
            AnnotationKind::TotalIgnored { .. } => "total-ignored",
            AnnotationKind::AgeBelowZero { .. } => "age-below-zero",
            AnnotationKind::ExpiresIgnored { .. } => "expires-ignored",
            AnnotationKind::PatternIgnored { .. } => "pattern-ignored",
            AnnotationKind::NoHeaderName { .. } => "no-header-name",
            AnnotationKind::HeaderUnderscore { .. } => "header-underscore",
            AnnotationKind::HeaderNeverSeen { .. } => "header-never-seen",
            AnnotationKind::UnknownAnnotation => "unknown-annotation",
            AnnotationKind::WrongIngress => "wrong-ingress",
            AnnotationKind::NoAffinity => "no-affinity",
            AnnotationKind::IgnoredBeside { .. } => "ignored-beside",
            AnnotationKind::CookieAsText { .. } => "cookie-as-text",
            AnnotationKind::NotKnown { .. } => "not-known",
            AnnotationKind::OutsidePolicy { .. } => "outside-policy",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.annotation.as_str()))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.ingress.as_str()))
    }
}

impl fmt::Display for AnnotationFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AnnotationFinding { ingress, annotation, kind } = self;
        write!(f, "{annotation}: ")?;
        match kind {
            AnnotationKind::InvalidValue { value, expected, default } => {
                write!(f, "`{value}` is not valid, so the controller uses {default}: expected {expected}")
            }
            AnnotationKind::Trimmed { value } => {
                write!(f, "the controller removes the white space at the ends of `{value}`")
            }
            AnnotationKind::WeightBelowZero { weight } => write!(f, "{weight} counts as 0"),
            AnnotationKind::WeightAboveTotal { weight, total } => {
                write!(f, "{weight} is more than the total and counts as {total}")
            }
            AnnotationKind::TotalIgnored { total } => write!(f, "{total} counts as 100, like every total below 100"),
            AnnotationKind::AgeBelowZero { seconds } => {
                write!(f, "{seconds} counts as 0, since a browser drops the cookie at once in both cases")
            }
            AnnotationKind::ExpiresIgnored { seconds } => {
                write!(f, "browsers ignore {seconds}, because session-cookie-max-age is set")
            }
            AnnotationKind::PatternIgnored { pattern } => {
                write!(f, "`{pattern}` is ignored, because canary-by-header-value is set")
            }
            AnnotationKind::NoHeaderName { value } => {
                write!(f, "`{value}` is ignored, because canary-by-header names no header")
            }
            AnnotationKind::HeaderUnderscore { name } => write!(
                f,
                "`{name}` stands for the request header `{}`: nginx drops request headers that have `_` in their names",
                name.as_str().replace('_', "-")
            ),
            AnnotationKind::HeaderNeverSeen { name } => write!(
                f,
                "the rule never matches: nginx drops the request header `{name}`, \
                 since its name has other characters than letters, digits and -"
            ),
            AnnotationKind::UnknownAnnotation => f.write_str("the controller has no such annotation"),
            AnnotationKind::WrongIngress => {
                write!(f, "it belongs on the {} Ingress and has no effect on the {ingress} Ingress", ingress.other())
            }
            AnnotationKind::NoAffinity => {
                f.write_str("it has no effect without `affinity: cookie` on the stable Ingress")
            }
            AnnotationKind::IgnoredBeside { value, by } => write!(f, "`{value}` is ignored, because {by} is set"),
            AnnotationKind::CookieAsText { name } => write!(
                f,
                "the controller finds `{name}` only in this letter case and without blanks around the =, \
                 which no policy can express"
            ),
            AnnotationKind::NotKnown { value } => {
                write!(f, "it is not known what the controller does with `{value}`, so it is read as in ingress-nginx")
            }
            AnnotationKind::OutsidePolicy { value } => write!(f, "a canary policy cannot express `{value}`"),
        }
    }
}

/// Collects the findings about the annotations of one Ingress.
#[derive(Debug)]
pub(in crate::targets::nginx) struct Findings {
    ingress: Side,
    findings: Vec<AnnotationFinding>,
}

impl Findings {
    /// No findings yet.
    pub(super) fn new(ingress: Side) -> Self {
        Findings { ingress, findings: Vec::new() }
    }

    /// Adds a finding about this annotation.
    pub(super) fn add(&mut self, annotation: &str, kind: AnnotationKind) {
        let finding = AnnotationFinding { ingress: self.ingress, annotation: Excerpt::of(annotation), kind };
        self.findings.push(finding);
    }

    pub(in crate::targets::nginx) fn into_vec(self) -> Vec<AnnotationFinding> {
        self.findings
    }
}
