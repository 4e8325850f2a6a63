//! Reads a policy from annotations, with the meaning that the controller gives them.

use super::finding::AnnotationFinding;
use super::parse::request_header;
use super::{Annotations, Config, Getter, ParsedAnnotations, Side, key, parse, session_affinity};
use crate::error::{AnnotationError, Invalid};
use crate::policy::{Affinity, AffinityScope, Canary, CanaryName, CookieRule, HeaderRule, Match, Parts, Policy, Total};
use crate::targets::nginx::{Dialect, Flags};

/// The policy that annotations express, and the annotations that do not mean what they seem to mean.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{annotations, read, Flags, Prefix};
///
/// let policy = Policy::percent(30)?;
/// let reading = read(&annotations(&policy, &Prefix::default()).output, &Flags::default())?;
/// assert_eq!((reading.policy, reading.findings), (policy, vec![]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct AnnotationReading {
    /// Which variant gets which requests.
    pub policy: Policy,
    /// Annotations that the controller ignores or reads differently, and annotations that no policy can express.
    pub findings: Vec<AnnotationFinding>,
}

/// Reads the annotations of a canary Ingress and of its stable Ingress as controller 1.15.1 does: with its spelling of
/// booleans and integers, its validators and its silent defaults. A total below 100 counts as 100. A header rule that has
/// both a value and a pattern uses the value.
///
/// A weight below 0 becomes 0, and a weight above the total becomes the total. Each value that is dropped or changed is an
/// [`AnnotationFinding`].
///
/// # Errors
///
/// * The annotation `canary` of the canary Ingress is not true.
/// * It is not true, although a rule or a weight above 0 is set. The controller reports this error too.
/// * The stable Ingress is a canary.
/// * No policy can hold a value, such as a pattern that needs a backtracking engine.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{read, Annotations, Flags};
///
/// let canary = BTreeMap::from([
///     ("nginx.ingress.kubernetes.io/canary".to_owned(), "true".to_owned()),
///     ("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "5".to_owned()),
///     ("nginx.ingress.kubernetes.io/canary-weight-total".to_owned(), "10".to_owned()),
/// ]);
/// let reading = read(&Annotations::new(canary, BTreeMap::new()), &Flags::default())?;
/// assert_eq!(reading.policy, Policy::percent(5)?);
/// assert_eq!(
///     reading.findings[0].to_string(),
///     "canary-weight-total: 10 counts as 100, like every total below 100",
/// );
///
/// assert!(read(&Annotations::default(), &Flags::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(annotations: &Annotations, flags: &Flags) -> Result<AnnotationReading, AnnotationError> {
    let Annotations { name, canary, stable } = annotations;
    let ParsedAnnotations { config, cookie_value, mut findings } = parse(canary, flags);
    let config = config?;
    if !config.enabled {
        return Err(AnnotationError::NotCanary);
    }
    let policy = policy_of(&config, &cookie_value, name.clone(), Affinity::None, &flags.dialect)?;

    let mut of_canary = Getter::new(Side::Canary, canary, flags);
    let mut of_stable = Getter::new(Side::Stable, stable, flags);
    let scope = scope(&mut of_canary);
    if of_stable.bool(key::CANARY) == Some(true) {
        return Err(AnnotationError::StableIsCanary);
    }
    for annotation in key::OF_CANARY.into_iter().chain([key::AFFINITY_BEHAVIOR]) {
        of_stable.on_wrong_ingress(annotation);
    }
    let affinity = session_affinity(&mut of_stable, scope)?;
    if affinity == Affinity::None {
        of_canary.without_affinity(key::AFFINITY_BEHAVIOR);
    }

    findings.extend(of_canary.findings.into_vec());
    findings.extend(of_stable.findings.into_vec());
    Ok(AnnotationReading { policy: policy.with_affinity(affinity), findings })
}

/// The policy of a canary with this configuration, name and affinity, whether the canary is enabled or not.
pub(in crate::targets::nginx) fn policy_of(
    config: &Config,
    cookie_value: &str,
    name: CanaryName,
    affinity: Affinity,
    dialect: &Dialect,
) -> Result<Policy, AnnotationError> {
    let config = &*config.combined(dialect.combination);
    let total = total(config, dialect)?;
    let canary = Canary {
        name,
        weight: weight(config, dialect)?,
        position: None,
        header: header(config, dialect)?,
        cookie: cookie(config, cookie_value, dialect)?,
    };
    Ok(Policy::of(Parts { canaries: vec![canary], total, affinity }))
}

/// The total that the balancer draws from: it draws a number from 1 to the total, and if the number is at most the weight, the
/// request goes to the canary.
fn total(config: &Config, dialect: &Dialect) -> Result<Total, AnnotationError> {
    let total = dialect.total.effective(config.weight_total);
    let parts = u32::try_from(total).map_err(|_| Invalid::Total(total));
    parts.and_then(Total::new).map_err(AnnotationError::unsupported(key::WEIGHT_TOTAL))
}

/// The weight. A weight below 0 becomes 0, and a weight above the total becomes the total.
fn weight(config: &Config, dialect: &Dialect) -> Result<u32, AnnotationError> {
    let weight = config.weight.clamp(0, dialect.total.effective(config.weight_total));
    u32::try_from(weight).map_err(|_| AnnotationError::unsupported(key::WEIGHT)(Invalid::Weight(weight)))
}

/// The header rule; `None` if there is none, or if nginx drops the header. A value overrides a pattern.
fn header(config: &Config, dialect: &Dialect) -> Result<Option<HeaderRule>, AnnotationError> {
    let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie: _ } = config;
    let Some(name) = request_header(header).filter(|name| !name.is_empty()) else { return Ok(None) };
    let (annotation, value_match) = if !header_value.is_empty() {
        let value_match = dialect.header_value.value_match(header_value);
        (key::HEADER_VALUE, value_match.map_err(AnnotationError::unsupported(key::HEADER_VALUE))?)
    } else if let Some(value_match) = pattern_match(header_pattern, dialect)? {
        (key::HEADER_PATTERN, value_match)
    } else {
        (key::HEADER, dialect.words.value_match())
    };
    HeaderRule::new(&name, value_match).map(Some).map_err(AnnotationError::unsupported(annotation))
}

/// The match of a header pattern; `None` if there is no pattern, or if the controller does not read it.
fn pattern_match(pattern: &str, dialect: &Dialect) -> Result<Option<Match>, AnnotationError> {
    if pattern.is_empty() {
        return Ok(None);
    }
    dialect.header_pattern.value_match(pattern).map_err(AnnotationError::unsupported(key::HEADER_PATTERN))
}

fn cookie(config: &Config, value: &str, dialect: &Dialect) -> Result<Option<CookieRule>, AnnotationError> {
    let name = config.cookie.as_str();
    if name.is_empty() {
        return Ok(None);
    }
    let value_match = match dialect.cookie_value.filter(|_| !value.is_empty()) {
        Some(rule) => rule.value_match(value).map_err(AnnotationError::unsupported(key::COOKIE_VALUE))?,
        None => dialect.words.value_match(),
    };
    CookieRule::new(name, value_match).map(Some).map_err(AnnotationError::unsupported(key::COOKIE))
}

/// The variants that clients are pinned to, from the canary Ingress: only stable if `affinity-canary-behavior` is `legacy`, and
/// all variants otherwise.
fn scope(of_canary: &mut Getter<'_>) -> AffinityScope {
    match of_canary.option(key::AFFINITY_BEHAVIOR, &["legacy", "sticky"], "sticky or legacy", "sticky") {
        Some("legacy") => AffinityScope::StableOnly,
        _ => AffinityScope::AllVariants,
    }
}
