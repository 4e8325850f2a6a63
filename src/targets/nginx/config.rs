//! What the controller's parser makes of a canary's annotations.

use std::collections::BTreeMap;

use super::{Finding, Flags, chars, key};
use crate::error::{Excerpt, NotEnabled};

/// A canary as the controller holds it (`canary.Config` of `internal/ingress/annotations/canary/main.go`): what it could
/// not read is its default, and nothing is checked against anything else.
///
/// ```
/// use canary_policy::targets::nginx::Config;
///
/// let Config { enabled, weight, weight_total, header, header_value, header_pattern, cookie } = Config::default();
/// assert_eq!((enabled, weight, weight_total), (false, 0, 100));
/// assert!([header, header_value, header_pattern, cookie].iter().all(String::is_empty));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// `canary`, by default false.
    pub enabled: bool,
    /// `canary-weight`, any 64-bit integer, by default 0.
    pub weight: i64,
    /// `canary-weight-total`, any 64-bit integer, by default 100.
    pub weight_total: i64,
    /// `canary-by-header`, empty if there is none.
    pub header: String,
    /// `canary-by-header-value`, empty if there is none.
    pub header_value: String,
    /// `canary-by-header-pattern`, empty if there is none. It is not compiled before a request needs it.
    pub header_pattern: String,
    /// `canary-by-cookie`, empty if there is none.
    pub cookie: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: false,
            weight: 0,
            weight_total: 100,
            header: String::new(),
            header_value: String::new(),
            header_pattern: String::new(),
            cookie: String::new(),
        }
    }
}

impl Config {
    /// The total that counts: above 100 the one that is set, else 100 (`balancer.lua`).
    #[must_use]
    pub fn effective_total(&self) -> i64 {
        self.weight_total.max(100)
    }

    /// The error is for a canary that is not enabled; a weight total and negative weights do not count.
    fn checked(self) -> Result<Self, NotEnabled> {
        let Config { enabled, weight, weight_total: _, header, header_value, header_pattern, cookie } = &self;
        let configured =
            *weight > 0 || [header, header_value, header_pattern, cookie].iter().any(|text| !text.is_empty());
        if !enabled && configured { Err(NotEnabled) } else { Ok(self) }
    }
}

/// What the parser holds, and what it dropped or changed on the way.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::targets::nginx::{parse, Config, Flags, Parsed};
///
/// let Parsed { config, findings, .. } = parse(&BTreeMap::new(), &Flags::default());
/// assert_eq!((config, findings), (Ok(Config::default()), vec![]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parsed {
    /// The canary, or the parser's one error.
    pub config: Result<Config, NotEnabled>,
    /// Values that are not taken, then values that mean something else, then annotations that do nothing.
    pub findings: Vec<Finding>,
}

/// Parses the annotations of a canary Ingress, all its keys with their prefix, as controller 1.15.1 does
/// (`internal/ingress/annotations/canary/main.go`, `parser`).
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
#[must_use]
pub fn parse(annotations: &BTreeMap<String, String>, flags: &Flags) -> Parsed {
    let mut getter = Getter::new(annotations, flags);
    let config = Config {
        enabled: getter.bool(key::CANARY).unwrap_or(false),
        weight: getter.int(key::WEIGHT, "0").unwrap_or(0),
        weight_total: getter.int(key::WEIGHT_TOTAL, "100").unwrap_or(100),
        header: getter.basic(key::HEADER, "no header rule").unwrap_or_default(),
        header_value: getter.basic(key::HEADER_VALUE, "always and never").unwrap_or_default(),
        header_pattern: getter.pattern(key::HEADER_PATTERN, "always and never").unwrap_or_default(),
        cookie: getter.basic(key::COOKIE, "no cookie rule").unwrap_or_default(),
    };
    let total_given = getter.raw(key::WEIGHT_TOTAL).is_some();
    let mut findings = getter.findings;
    findings.extend(meanings(&config, total_given));
    findings.extend(strangers(annotations, flags));
    Parsed { config: config.checked(), findings }
}

/// What the balancer will make of a configuration that does not say it.
fn meanings(config: &Config, total_given: bool) -> Vec<Finding> {
    let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie: _ } = config;
    let total = config.effective_total();
    let mut findings = Vec::new();
    if *weight < 0 {
        findings.push(Finding::WeightBelowZero { weight: *weight });
    }
    if *weight > total {
        findings.push(Finding::WeightAboveTotal { weight: *weight, total });
    }
    if total_given && *weight_total < total {
        findings.push(Finding::TotalIgnored { total: *weight_total });
    }

    let name = Excerpt::of(header);
    match header.as_str() {
        "" => {
            let parts = [(key::HEADER_VALUE, header_value), (key::HEADER_PATTERN, header_pattern)];
            let lonely = parts.into_iter().filter(|(_, value)| !value.is_empty());
            findings.extend(
                lonely.map(|(annotation, value)| Finding::NoHeaderName { annotation, value: Excerpt::of(value) }),
            );
        }
        _ if seen_name(header).is_none() => findings.push(Finding::HeaderNeverSeen { name }),
        _ if header.contains('_') => findings.push(Finding::HeaderUnderscore { name }),
        _ => {}
    }
    if !header.is_empty() && !header_value.is_empty() && !header_pattern.is_empty() {
        findings.push(Finding::PatternIgnored { pattern: Excerpt::of(header_pattern) });
    }
    findings
}

/// The name of the request headers that `$http_NAME` shows, if nginx lets any of them pass.
pub(super) fn seen_name(header: &str) -> Option<String> {
    let name = header.replace('_', "-").to_ascii_lowercase();
    let passes = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    Some(name).filter(|name| name.bytes().all(passes))
}

/// Annotations that look as if they belonged to a canary and do nothing on its Ingress.
fn strangers(annotations: &BTreeMap<String, String>, flags: &Flags) -> Vec<Finding> {
    let names = annotations.keys().filter_map(|key| flags.prefix.strip(key));
    names
        .filter_map(|name| {
            let stable = key::OF_STABLE.into_iter().find(|&annotation| annotation == name);
            match stable {
                Some(annotation) => Some(Finding::WrongIngress { annotation, belongs: "stable" }),
                None if name.starts_with("canary") && !key::OF_CANARY.contains(&name) => {
                    Some(Finding::UnknownAnnotation { annotation: Excerpt::of(name) })
                }
                None => None,
            }
        })
        .collect()
}

/// The controller's typed getters (`internal/ingress/annotations/parser`). Each returns `None` for a value that it does
/// not take, or that is not there.
pub(super) struct Getter<'a> {
    annotations: &'a BTreeMap<String, String>,
    flags: &'a Flags,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Getter<'a> {
    pub(super) fn new(annotations: &'a BTreeMap<String, String>, flags: &'a Flags) -> Self {
        Getter { annotations, flags, findings: Vec::new() }
    }

    pub(super) fn raw(&self, annotation: &str) -> Option<&'a str> {
        self.annotations.get(&self.flags.prefix.key(annotation)).map(String::as_str)
    }

    /// The value, or a finding that says why it is not taken.
    pub(super) fn take<T>(
        &mut self,
        annotation: &'static str,
        value: Option<T>,
        bound: &'static str,
        instead: &'static str,
    ) -> Option<T> {
        if let (None, Some(raw)) = (&value, self.raw(annotation)) {
            self.findings.push(Finding::InvalidValue { annotation, value: Excerpt::of(raw), bound, instead });
        }
        value
    }

    /// Go's `strconv.ParseBool`, nothing trimmed.
    pub(super) fn bool(&mut self, annotation: &'static str) -> Option<bool> {
        let value = self.raw(annotation).and_then(|raw| match raw {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
            _ => None,
        });
        self.take(annotation, value, "true or false", "false")
    }

    /// Go's `strconv.Atoi` on 64 bits: a sign or none, then decimal digits, nothing trimmed.
    fn int(&mut self, annotation: &'static str, instead: &'static str) -> Option<i64> {
        let value = self.raw(annotation).and_then(|raw| raw.parse().ok());
        self.take(annotation, value, "an integer", instead)
    }

    /// A name or value: [`chars::basic`] and spaces.
    pub(super) fn basic(&mut self, annotation: &'static str, instead: &'static str) -> Option<String> {
        self.text(annotation, chars::basic, "a text of letters, digits, spaces and -._~/:", instead)
    }

    fn pattern(&mut self, annotation: &'static str, instead: &'static str) -> Option<String> {
        self.text(annotation, chars::pattern, r"a text of letters, digits and -._~/:^$[](){}*+?|&=\", instead)
    }

    /// A text whose every byte is taken, with the white space around each of its lines cut off; an empty one is none.
    pub(super) fn text(
        &mut self,
        annotation: &'static str,
        taken: impl Fn(u8) -> bool,
        bound: &'static str,
        instead: &'static str,
    ) -> Option<String> {
        let raw = self.raw(annotation)?;
        if self.flags.validation && !raw.bytes().all(taken) {
            return self.take(annotation, None, bound, instead);
        }
        let text = normalized(raw);
        let blank = text.trim().is_empty() && !raw.is_empty();
        if blank {
            self.take(annotation, None::<String>, bound, instead);
        } else if text != raw {
            self.findings.push(Finding::Trimmed { annotation, value: Excerpt::of(raw) });
        }
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Each line without the white space around it: a line end at the end stays (`normalizeString`).
pub(super) fn normalized(raw: &str) -> String {
    raw.split('\n').map(str::trim).collect::<Vec<_>>().join("\n")
}
