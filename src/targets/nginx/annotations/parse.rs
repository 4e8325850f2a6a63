//! The annotations of a canary Ingress as the controller's parser reads them.

use std::collections::BTreeMap;

use super::finding::Findings;
use super::{AnnotationFinding, AnnotationKind, Config, Getter, Side, key};
use crate::error::{Excerpt, NotEnabled};
use crate::targets::nginx::{CookieReading, Dialect, Flags, PatternRule};

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
    /// `canary-by-cookie-value`, by default empty. ingress-nginx has no such annotation, but some dialects do.
    pub cookie_value: String,
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
        header_pattern: header_pattern(&mut getter),
        cookie: getter.basic(key::COOKIE, "no cookie rule").unwrap_or_default(),
    };
    let cookie_value =
        flags.dialect.cookie_value.and_then(|_| getter.basic(key::COOKIE_VALUE, "the values always and never"));
    let effective = config.combined(flags.dialect.combination);
    // If the weight is ignored, the total has no effect either.
    let total_counts = getter.raw(key::WEIGHT_TOTAL).is_some() && effective.weight == config.weight;
    report_weight(&effective, total_counts, &flags.dialect, &mut getter.findings);
    report_header(&config, &mut getter.findings);
    report_without_effect(annotations, flags, &mut getter.findings);
    report_dialect(&config, cookie_value.is_some(), &mut getter);
    let Getter { findings, .. } = getter;
    ParsedAnnotations {
        config: config.checked(),
        cookie_value: cookie_value.unwrap_or_default(),
        findings: findings.into_vec(),
    }
}

/// The pattern of a header rule, unless the controller does not know patterns.
fn header_pattern(getter: &mut Getter<'_>) -> String {
    match getter.flags.dialect.header_pattern {
        PatternRule::NotRead => String::new(),
        PatternRule::Search | PatternRule::Wrapped => {
            getter.pattern(key::HEADER_PATTERN, "the values always and never").unwrap_or_default()
        }
    }
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
fn report_weight(config: &Config, total_counts: bool, dialect: &Dialect, findings: &mut Findings) {
    let (weight, total) = (config.weight, dialect.total.effective(config.weight_total));
    if weight < 0 {
        findings.add(key::WEIGHT, AnnotationKind::WeightBelowZero { weight });
    }
    if weight > total {
        findings.add(key::WEIGHT, AnnotationKind::WeightAboveTotal { weight, total });
    }
    if total_counts && config.weight_total < total {
        findings.add(key::WEIGHT_TOTAL, AnnotationKind::TotalIgnored { total: config.weight_total });
    }
}

/// Reports the parts of a header rule that the balancer ignores, and a header name that no request header can have.
fn report_header(config: &Config, findings: &mut Findings) {
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie: _ } = config;
    if header.is_empty() {
        for (annotation, value) in [(key::HEADER_VALUE, header_value), (key::HEADER_PATTERN, header_pattern)] {
            if !value.is_empty() {
                findings.add(annotation, AnnotationKind::NoHeaderName { value: Excerpt::of(value) });
            }
        }
        return;
    }
    let name = Excerpt::of(header);
    if request_header(header).is_none() {
        findings.add(key::HEADER, AnnotationKind::HeaderNeverSeen { name });
    } else if header.contains('_') {
        findings.add(key::HEADER, AnnotationKind::HeaderUnderscore { name });
    }
    if !header_value.is_empty() && !header_pattern.is_empty() {
        findings.add(key::HEADER_PATTERN, AnnotationKind::PatternIgnored { pattern: Excerpt::of(header_pattern) });
    }
}

/// Reports annotations of the affinity, which belong on the stable Ingress, and unknown annotations that begin with `canary`.
fn report_without_effect(annotations: &BTreeMap<String, String>, flags: &Flags, findings: &mut Findings) {
    for annotation in annotations.keys().filter_map(|key| flags.annotation(key)) {
        if key::OF_STABLE.contains(&annotation) {
            findings.add(annotation, AnnotationKind::WrongIngress);
        } else if annotation.starts_with("canary") && !is_known(annotation, &flags.dialect) {
            findings.add(annotation, AnnotationKind::UnknownAnnotation);
        }
    }
}

/// Whether the controller reads the annotation of a canary.
fn is_known(annotation: &str, dialect: &Dialect) -> bool {
    match annotation {
        key::HEADER_PATTERN => dialect.header_pattern != PatternRule::NotRead,
        key::COOKIE_VALUE => dialect.cookie_value.is_some(),
        _ => key::OF_CANARY.contains(&annotation) || dialect.outside_policy.contains(&annotation),
    }
}

/// Reports what the dialect ignores beside a rule, what no policy can express, and what is not known of the dialect.
fn report_dialect(config: &Config, has_cookie_value: bool, getter: &mut Getter<'_>) {
    let dialect = &getter.flags.dialect;
    let effective = config.combined(dialect.combination);
    let by = if config.header.is_empty() && config.header_value.is_empty() && config.header_pattern.is_empty() {
        key::COOKIE
    } else {
        key::HEADER
    };
    let is_lost = [(key::COOKIE, effective.cookie != config.cookie), (key::WEIGHT, effective.weight != config.weight)];
    for (annotation, _) in is_lost.into_iter().filter(|(_, is_lost)| *is_lost) {
        getter.report(annotation, |value| AnnotationKind::IgnoredBeside { value, by });
    }
    if dialect.cookie_reading == CookieReading::Text && !effective.cookie.is_empty() {
        getter.report(key::COOKIE, |name| AnnotationKind::CookieAsText { name });
    }
    for annotation in dialect.outside_policy {
        getter.outside_policy(annotation);
    }
    for annotation in config.not_known_of(dialect, has_cookie_value) {
        getter.report(annotation, |value| AnnotationKind::NotKnown { value });
    }
}
