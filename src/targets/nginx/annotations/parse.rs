//! The annotations of a canary Ingress as the controller's parser reads them.

use std::collections::BTreeMap;

use super::finding::Findings;
use super::{AnnotationFinding, Config, FindingKind, Getter, Side, key};
use crate::error::{Excerpt, NotEnabled};
use crate::targets::nginx::Flags;

/// The result of the controller's parser, and findings about values that it dropped or that mean something unexpected.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::targets::nginx::{parse, Config, Flags, ParsedAnnotations};
///
/// let ParsedAnnotations { config, findings, .. } = parse(&BTreeMap::new(), &Flags::default());
/// assert_eq!((config, findings), (Ok(Config::default()), vec![]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[non_exhaustive]
pub struct ParsedAnnotations {
    /// The annotations of the canary, or the only error of the controller's parser.
    pub config: Result<Config, NotEnabled>,
    /// The findings, in this order: values that the parser refuses or trims, values that mean something unexpected, and
    /// annotations that have no effect.
    pub findings: Vec<AnnotationFinding>,
}

/// Parses the annotations of a canary Ingress as controller 1.15.1 does
/// (`internal/ingress/annotations/canary/main.go` and `internal/ingress/annotations/parser`). The keys of `annotations`
/// include the prefix.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::error::NotEnabled;
/// use canary_policy::targets::nginx::{parse, Flags};
///
/// let mut annotations = BTreeMap::from([("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "+030".to_owned())]);
/// assert!(parse(&annotations, &Flags::default()).config.is_err());
///
/// annotations.insert("nginx.ingress.kubernetes.io/canary".to_owned(), "T".to_owned());
/// assert_eq!(parse(&annotations, &Flags::default()).config?.weight, 30);
/// # Ok::<(), NotEnabled>(())
/// ```
pub fn parse(annotations: &BTreeMap<String, String>, flags: &Flags) -> ParsedAnnotations {
    let mut getter = Getter::new(Side::Canary, annotations, flags);
    let config = Config {
        enabled: getter.bool(key::CANARY).unwrap_or(false),
        weight: getter.int(key::WEIGHT, "0").unwrap_or(0),
        weight_total: getter.int(key::WEIGHT_TOTAL, "100").unwrap_or(100),
        header: getter.basic(key::HEADER, "no header rule").unwrap_or_default(),
        header_value: getter.basic(key::HEADER_VALUE, "the values always and never").unwrap_or_default(),
        header_pattern: getter.pattern(key::HEADER_PATTERN, "the values always and never").unwrap_or_default(),
        cookie: getter.basic(key::COOKIE, "no cookie rule").unwrap_or_default(),
    };
    let total_given = getter.raw(key::WEIGHT_TOTAL).is_some();
    let mut findings = getter.findings;
    report_weight(&config, total_given, &mut findings);
    report_header(&config, &mut findings);
    report_without_effect(annotations, flags, &mut findings);
    ParsedAnnotations { config: config.checked(), findings: findings.into_vec() }
}

/// The request header that a rule with this header name looks at, in lower case; `None` if nginx drops every such header.
///
/// The controller reads the variable `$http_NAME`, where nginx has replaced each `-` of the header name with `_`. nginx
/// drops request headers that have a `_` in their names. So a rule with the name `X_Env` looks at the header `x-env`.
pub(super) fn request_header(name: &str) -> Option<String> {
    let name = name.replace('_', "-").to_ascii_lowercase();
    let passes = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    Some(name).filter(|name| name.bytes().all(passes))
}

/// Reports a weight or total that the balancer reads as another number.
fn report_weight(config: &Config, total_given: bool, findings: &mut Findings) {
    let (weight, total) = (config.weight, config.effective_total());
    if weight < 0 {
        findings.add(key::WEIGHT, FindingKind::WeightBelowZero { weight });
    }
    if weight > total {
        findings.add(key::WEIGHT, FindingKind::WeightAboveTotal { weight, total });
    }
    if total_given && config.weight_total < total {
        findings.add(key::WEIGHT_TOTAL, FindingKind::TotalIgnored { total: config.weight_total });
    }
}

/// Reports the parts of a header rule that the balancer ignores, and a header name that no request header can have.
fn report_header(config: &Config, findings: &mut Findings) {
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie: _ } = config;
    if header.is_empty() {
        for (annotation, value) in [(key::HEADER_VALUE, header_value), (key::HEADER_PATTERN, header_pattern)] {
            if !value.is_empty() {
                findings.add(annotation, FindingKind::NoHeaderName { value: Excerpt::of(value) });
            }
        }
        return;
    }
    let name = Excerpt::of(header);
    if request_header(header).is_none() {
        findings.add(key::HEADER, FindingKind::HeaderNeverSeen { name });
    } else if header.contains('_') {
        findings.add(key::HEADER, FindingKind::HeaderUnderscore { name });
    }
    if !header_value.is_empty() && !header_pattern.is_empty() {
        findings.add(key::HEADER_PATTERN, FindingKind::PatternIgnored { pattern: Excerpt::of(header_pattern) });
    }
}

/// Reports annotations of the affinity, which belong on the stable Ingress, and unknown annotations that begin with `canary`.
fn report_without_effect(annotations: &BTreeMap<String, String>, flags: &Flags, findings: &mut Findings) {
    for annotation in annotations.keys().filter_map(|key| flags.prefix.annotation(key)) {
        if key::OF_STABLE.contains(&annotation) {
            findings.add(annotation, FindingKind::WrongIngress);
        } else if annotation.starts_with("canary") && !key::OF_CANARY.contains(&annotation) {
            findings.add(annotation, FindingKind::UnknownAnnotation);
        }
    }
}
