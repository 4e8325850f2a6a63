//! Annotations back into a policy, as the controller really understands them.

use super::config::{Getter, normalized, seen_name};
use super::{Annotations, Config, Finding, Flags, chars, key, parse};
use crate::error::{Excerpt, Invalid, ReadError};
use crate::policy::{
    Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern, Pins, Policy, SameSite, Total,
};

/// A policy that was read, and what is not in it.
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
#[non_exhaustive]
pub struct Reading {
    /// What the controller does.
    pub policy: Policy,
    /// What the annotations seem to say, and it does not do; and what it does outside a policy.
    pub findings: Vec<Finding>,
}

/// Reads the annotations of a canary Ingress and of the stable one as controller 1.15.1 understands them: its spellings of
/// booleans and integers, its validators, its silent defaults, totals up to 100 that count as 100, a pattern that is
/// ignored beside a value.
///
/// Values that are not in a [`Spec`](crate::Spec)'s reach and yet harmless, as a weight of 250 of 100, become what they
/// amount to. Everything that was dropped or changed is a [`Finding`].
///
/// # Errors
///
/// The Ingress is not a canary; it is configured but not enabled, as the controller's parser says it; or it has something
/// this crate refuses: a pattern that needs a backtracking engine, a name or value beyond what a policy holds.
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
///     "canary-weight-total: 10 counts as 100, like every total up to 100",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(annotations: &Annotations, flags: &Flags) -> Result<Reading, ReadError> {
    let Annotations { name, canary, stable } = annotations;
    let parsed = parse(canary, flags);
    let mut findings = parsed.findings;
    let config = parsed.config?;
    if !config.enabled {
        return Err(ReadError::NotCanary);
    }

    let (weight, total) = weight(&config)?;
    let header = header(&config)?;
    let cookie = cookie(&config)?;
    let canary_of = Canary { name: name.clone(), weight, header, cookie };

    let mut of_canary = Getter::new(canary, flags);
    let pins = pins(&mut of_canary);
    let mut of_stable = Getter::new(stable, flags);
    if of_stable.bool(key::CANARY) == Some(true) {
        return Err(ReadError::StableIsCanary);
    }
    for annotation in key::OF_CANARY.into_iter().chain([key::AFFINITY_BEHAVIOR]) {
        of_stable.does_nothing(annotation, |annotation| Finding::WrongIngress { annotation, belongs: "canary" });
    }
    let affinity = affinity(&mut of_stable, pins)?;
    if affinity == Affinity::None {
        of_canary.does_nothing(key::AFFINITY_BEHAVIOR, |annotation| Finding::NoAffinity { annotation });
    }
    findings.extend(of_canary.findings);
    findings.extend(of_stable.findings);

    let policy = Policy { canaries: vec![canary_of], total, affinity };
    Ok(Reading { policy, findings })
}

fn unsupported(annotation: &'static str) -> impl Fn(Invalid) -> ReadError {
    move |what| ReadError::Unsupported { annotation, what }
}

/// `random(1..=total) <= weight`, with the total that counts.
fn weight(config: &Config) -> Result<(u32, Total), ReadError> {
    let effective = config.effective_total();
    let total = u32::try_from(effective).map_err(|_| Invalid::Total(effective)).and_then(Total::new);
    let total = total.map_err(unsupported(key::WEIGHT_TOTAL))?;
    let weight = config.weight.clamp(0, effective);
    let weight = u32::try_from(weight).map_err(|_| unsupported(key::WEIGHT)(Invalid::Weight(weight)))?;
    Ok((weight, total))
}

fn header(config: &Config) -> Result<Option<HeaderRule>, ReadError> {
    let Config { header, header_value, header_pattern, .. } = config;
    let Some(name) = Some(header).filter(|header| !header.is_empty()).and_then(|header| seen_name(header)) else {
        return Ok(None);
    };
    let (annotation, matches) = match (header_value.as_str(), header_pattern.as_str()) {
        ("", "") => (key::HEADER, Match::AlwaysNever),
        ("", pattern) => {
            let pattern = Pattern::new(pattern).map_err(unsupported(key::HEADER_PATTERN))?;
            (key::HEADER_PATTERN, Match::Pattern(pattern))
        }
        (value, _) => (key::HEADER_VALUE, Match::Exact(value.to_owned())),
    };
    HeaderRule::new(&name, matches).map(Some).map_err(unsupported(annotation))
}

fn cookie(config: &Config) -> Result<Option<CookieRule>, ReadError> {
    match config.cookie.as_str() {
        "" => Ok(None),
        name => CookieRule::new(name, Match::AlwaysNever).map(Some).map_err(unsupported(key::COOKIE)),
    }
}

/// Who is kept: from the canary Ingress, anything but `legacy` keeps everyone.
fn pins(of_canary: &mut Getter<'_>) -> Pins {
    match of_canary.option(key::AFFINITY_BEHAVIOR, &["legacy", "sticky"], "sticky or legacy", "sticky").as_deref() {
        Some("legacy") => Pins::Stable,
        _ => Pins::Everyone,
    }
}

/// The affinity, from the stable Ingress (`internal/ingress/annotations/sessionaffinity/main.go`).
pub(super) fn affinity(of_stable: &mut Getter<'_>, pins: Pins) -> Result<Affinity, ReadError> {
    if of_stable.option(key::AFFINITY, &["cookie"], "cookie", "no affinity").as_deref() != Some("cookie") {
        for annotation in key::OF_STABLE.into_iter().filter(|&annotation| annotation != key::AFFINITY) {
            of_stable.does_nothing(annotation, |annotation| Finding::NoAffinity { annotation });
        }
        return Ok(Affinity::None);
    }

    let name = of_stable.basic(key::SESSION_NAME, "INGRESSCOOKIE").unwrap_or_else(|| "INGRESSCOOKIE".to_owned());
    let mut cookie = CookieAffinity::new(&name).map_err(unsupported(key::SESSION_NAME))?.with_pins(pins);
    cookie.max_age = of_stable.max_age();
    cookie.secure = of_stable.bool(key::SESSION_SECURE).unwrap_or(false);
    cookie.same_site = of_stable.same_site();
    let path = of_stable.text(
        key::SESSION_PATH,
        chars::url,
        "a text of letters, digits, spaces and -._~/:,?&=",
        "the location's path",
    );
    let domain = of_stable.basic(key::SESSION_DOMAIN, "the request's host");
    cookie = of_stable.attribute(key::SESSION_PATH, path, cookie, CookieAffinity::with_path);
    cookie = of_stable.attribute(key::SESSION_DOMAIN, domain, cookie, CookieAffinity::with_domain);
    for annotation in [key::AFFINITY_MODE, key::SESSION_EXPIRES, key::SESSION_CHANGE, key::SESSION_CONDITIONAL] {
        of_stable.outside(annotation);
    }
    Ok(Affinity::Cookie(cookie))
}

impl Getter<'_> {
    /// One of these words. The validator trims the whole value and the getter each line, so a line end spoils the word.
    fn option(
        &mut self,
        annotation: &'static str,
        words: &[&str],
        bound: &'static str,
        instead: &'static str,
    ) -> Option<String> {
        let value = self.raw(annotation).map(normalized).filter(|value| words.contains(&value.as_str()));
        self.take(annotation, value, bound, instead)
    }

    /// Seconds. The validator takes more than the balancer can count, and a browser drops a cookie of a negative age at
    /// once, as one of age 0.
    fn max_age(&mut self) -> Option<u32> {
        let seconds = normalized(self.raw(key::SESSION_MAX_AGE)?).parse::<i64>().ok();
        let seconds = self.take(key::SESSION_MAX_AGE, seconds, "a number of seconds", "the browser's session")?;
        if seconds < 0 || seconds > i64::from(u32::MAX) {
            self.outside(key::SESSION_MAX_AGE);
        }
        u32::try_from(seconds.max(0)).ok()
    }

    /// The validator takes any letter case, and the balancer then writes only these three.
    fn same_site(&mut self) -> Option<SameSite> {
        let value = self.raw(key::SESSION_SAME_SITE).map(normalized);
        let same_site = [SameSite::Strict, SameSite::Lax, SameSite::None];
        let same_site = same_site.into_iter().find(|same_site| value.as_deref() == Some(same_site.as_str()));
        self.take(key::SESSION_SAME_SITE, same_site, "Strict, Lax or None", "no SameSite")
    }

    /// The cookie with an attribute, or a finding if no policy can have it.
    fn attribute(
        &mut self,
        annotation: &'static str,
        value: Option<String>,
        cookie: CookieAffinity,
        with: fn(CookieAffinity, &str) -> Result<CookieAffinity, Invalid>,
    ) -> CookieAffinity {
        let Some(value) = value else { return cookie };
        with(cookie.clone(), &value).unwrap_or_else(|_| {
            self.outside(annotation);
            cookie
        })
    }

    /// A finding for an annotation that is there for nothing.
    fn does_nothing(&mut self, annotation: &'static str, finding: fn(&'static str) -> Finding) {
        if self.raw(annotation).is_some() {
            self.findings.push(finding(annotation));
        }
    }

    /// A finding for an annotation that no policy has a part for.
    fn outside(&mut self, annotation: &'static str) {
        if let Some(value) = self.raw(annotation) {
            self.findings.push(Finding::OutsidePolicy { annotation, value: Excerpt::of(value) });
        }
    }
}
