//! A policy as written: every part optional, nothing checked yet.

use super::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieName, CookieRule, HeaderRule, Key, KeyAffinity, Match,
    Name, Pattern, Pins, Policy, SameSite, Total, affinity, cookie, header, problems_between,
};
use crate::error::{Invalid, InvalidPolicy, Problem};

/// A policy as written in YAML, JSON or a custom resource; parts left out mean the plain thing.
///
/// Field names are in camelCase and unknown ones are refused. The schema (feature `schemars`) is legal inside a
/// Kubernetes CRD: objects, integers and strings, no alternatives.
///
/// ```yaml
/// total: 100                                  # default 100
/// canaries:
///   - name: canary                            # default when there is one
///     weight: 30                              # default 0
///     header: { name: x-canary }              # always / never; or value: …, or pattern: …
///     cookie: { name: cohort, value: beta }   # or pattern: "beta|gamma"
/// affinity:
///   cookie: { name: route, precedence: beforeRules, pins: everyone, revision: "7", maxAge: 86400, path: /, sameSite: Lax, secure: true }
///   # or  key: { header: x-user-id, salt: checkout-2026 }
/// ```
///
/// ```
/// use canary_policy::policy::{CanarySpec, RuleSpec};
/// use canary_policy::{Policy, Spec};
///
/// let canary = CanarySpec { weight: Some(30), ..CanarySpec::default() };
/// let policy = Policy::try_from(Spec { canaries: vec![canary], ..Spec::default() })?;
/// assert_eq!(policy, Policy::percent(30)?);
///
/// // Every problem is reported, each with its field.
/// let header = RuleSpec { name: "x canary".into(), pattern: Some("(".into()), ..RuleSpec::default() };
/// let canary = CanarySpec { weight: Some(101), header: Some(header), ..CanarySpec::default() };
/// let error = Policy::try_from(Spec { canaries: vec![canary], ..Spec::default() }).unwrap_err();
/// let fields: Vec<&str> = error.problems.iter().map(|problem| problem.field.as_str()).collect();
/// assert_eq!(fields, ["canaries[0].header.name", "canaries[0].header.pattern", "canaries[0].weight"]);
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Spec {
    /// What the weights are parts of: 1 to 4294967295, by default 100.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub total: Option<i64>,
    /// One or more, in the order in which their rules are looked at.
    pub canaries: Vec<CanarySpec>,
    /// How a client keeps its variant; by default it does not.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub affinity: Option<AffinitySpec>,
}

/// A [`Canary`] as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CanarySpec {
    /// A DNS label; `canary` when there is one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub name: Option<String>,
    /// Parts of the total, by default 0.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub weight: Option<i64>,
    /// The header rule.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub header: Option<RuleSpec>,
    /// The cookie rule.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cookie: Option<RuleSpec>,
}

/// A [`HeaderRule`] or [`CookieRule`] as written: with neither value nor pattern it is `always` and `never`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleSpec {
    /// The header's or cookie's name.
    pub name: String,
    /// The exact value, up to 4096 bytes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub value: Option<String>,
    /// The pattern, 1 to 4096 bytes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub pattern: Option<String>,
}

/// An [`Affinity`] as written: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AffinitySpec {
    /// By a cookie that is set with the response.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cookie: Option<CookieAffinitySpec>,
    /// By a key that the client brings along.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub key: Option<KeySpec>,
}

/// A [`CookieAffinity`] as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CookieAffinitySpec {
    /// The cookie's name.
    pub name: String,
    /// Before the rules, which is the default, or after them.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>", extend("enum" = ["beforeRules", "afterRules"])))]
    pub precedence: Option<AffinityPrecedence>,
    /// Everyone, which is the default, or the clients of stable only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>", extend("enum" = ["everyone", "stable"])))]
    pub pins: Option<Pins>,
    /// Cookies of another revision do not count.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub revision: Option<String>,
    /// Seconds, 0 to 4294967295; by default the browser's session.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_age: Option<i64>,
    /// The cookie's path.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub path: Option<String>,
    /// The cookie's domain.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub domain: Option<String>,
    /// `Strict`, `Lax` or `None`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>", extend("enum" = ["Strict", "Lax", "None"])))]
    pub same_site: Option<SameSite>,
    /// Always marked `Secure`, by default not.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub secure: Option<bool>,
}

/// A [`KeyAffinity`] as written: a header or a cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct KeySpec {
    /// The header that holds the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub header: Option<String>,
    /// The cookie that holds the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cookie: Option<String>,
    /// Another salt is another draw; by default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub salt: Option<String>,
}

impl TryFrom<Spec> for Policy {
    type Error = InvalidPolicy;

    /// Checks the whole of it.
    ///
    /// # Errors
    ///
    /// Every problem there is, in the order of the fields; those between canaries come last.
    fn try_from(spec: Spec) -> Result<Self, InvalidPolicy> {
        let Spec { total, canaries, affinity } = spec;
        let mut problems = Problems::default();

        let total = total.map_or(Ok(Total::default()), |total| {
            u32::try_from(total).ok().and_then(|parts| Total::new(parts).ok()).ok_or(Invalid::Total(total))
        });
        let total = problems.keep("total", total);
        let single = canaries.len() == 1;
        let canaries: Vec<_> = canaries
            .into_iter()
            .enumerate()
            .map(|(index, canary)| problems.canary(&format!("canaries[{index}]"), canary, single))
            .collect();
        let affinity = affinity.map_or(Some(Affinity::None), |affinity| problems.affinity(affinity));
        let names = canaries.iter().map(|(name, ..)| name.as_ref());
        let weights = canaries.iter().map(|(_, weight, ..)| *weight);
        problems.0.extend(problems_between(names, weights, total));

        let canaries = canaries.into_iter().map(|(name, weight, header, cookie)| {
            Some(Canary { name: name?, weight: weight?, header: header?, cookie: cookie? })
        });
        match (canaries.collect(), total, affinity) {
            (Some(canaries), Some(total), Some(affinity)) if problems.0.is_empty() => {
                Ok(Policy { canaries, total, affinity })
            }
            _ => Err(InvalidPolicy { problems: problems.0 }),
        }
    }
}

/// The parts of a canary, each `None` if a problem was found in it.
type Parts = (Option<Name>, Option<u32>, Option<Option<HeaderRule>>, Option<Option<CookieRule>>);

/// What was found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    /// The value, or `None` and one problem more.
    fn keep<T>(&mut self, field: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|what| self.0.push(what.at(field))).ok()
    }

    fn canary(&mut self, field: &str, canary: CanarySpec, single: bool) -> Parts {
        let CanarySpec { name, weight, header, cookie } = canary;
        let name = match name {
            Some(name) => Name::new(&name),
            None if single => Ok(Name::default()),
            None => Err(Invalid::NameMissing),
        };
        let weight = weight.unwrap_or(0);
        let name = self.keep(format!("{field}.name"), name);
        let weight = self.keep(format!("{field}.weight"), u32::try_from(weight).map_err(|_| Invalid::Weight(weight)));
        let header = match header {
            None => Some(None),
            Some(rule) => self
                .rule(&format!("{field}.header"), rule, header::header_name, header::checked)
                .map(|(name, matches)| Some(HeaderRule { name, matches })),
        };
        let cookie = match cookie {
            None => Some(None),
            Some(rule) => self
                .rule(&format!("{field}.cookie"), rule, CookieName::new, cookie::checked)
                .map(|(name, matches)| Some(CookieRule { name, matches })),
        };
        (name, weight, header, cookie)
    }

    fn rule<N>(
        &mut self,
        field: &str,
        rule: RuleSpec,
        checked_name: fn(&str) -> Result<N, Invalid>,
        checked: fn(Match) -> Result<Match, Invalid>,
    ) -> Option<(N, Match)> {
        let RuleSpec { name, value, pattern } = rule;
        let name = self.keep(format!("{field}.name"), checked_name(&name));
        let matches = match (value, pattern) {
            (None, None) => Some(Match::AlwaysNever),
            (Some(value), None) => self.keep(format!("{field}.value"), checked(Match::Exact(value))),
            (None, Some(text)) => self.keep(format!("{field}.pattern"), Pattern::new(&text).map(Match::Pattern)),
            (Some(_), Some(_)) => self.keep(field, Err(Invalid::Both("value", "pattern"))),
        };
        Some((name?, matches?))
    }

    fn affinity(&mut self, affinity: AffinitySpec) -> Option<Affinity> {
        match affinity {
            AffinitySpec { cookie: Some(cookie), key: None } => self.cookie_affinity(cookie).map(Affinity::Cookie),
            AffinitySpec { cookie: None, key: Some(key) } => self.key_affinity(key).map(Affinity::Key),
            AffinitySpec { cookie: Some(_), key: Some(_) } => {
                self.keep("affinity", Err(Invalid::Both("cookie", "key")))
            }
            AffinitySpec { cookie: None, key: None } => self.keep("affinity", Err(Invalid::Neither("cookie", "key"))),
        }
    }

    fn cookie_affinity(&mut self, cookie: CookieAffinitySpec) -> Option<CookieAffinity> {
        let CookieAffinitySpec { name, precedence, pins, revision, max_age, path, domain, same_site, secure } = cookie;
        let field = |part: &str| format!("affinity.cookie.{part}");
        let age = |seconds| u32::try_from(seconds).map_err(|_| Invalid::MaxAge(seconds));

        let name = self.keep(field("name"), CookieName::new(&name));
        let revision = self.keep(field("revision"), revision.map(affinity::checked_revision).transpose());
        let max_age = self.keep(field("maxAge"), max_age.map(age).transpose());
        let path = self.keep(field("path"), path.map(affinity::checked_path).transpose());
        let domain = self.keep(field("domain"), domain.map(affinity::checked_domain).transpose());
        Some(CookieAffinity {
            name: name?,
            precedence: precedence.unwrap_or_default(),
            pins: pins.unwrap_or_default(),
            revision: revision?,
            max_age: max_age?,
            path: path?,
            domain: domain?,
            same_site,
            secure: secure.unwrap_or_default(),
        })
    }

    fn key_affinity(&mut self, key: KeySpec) -> Option<KeyAffinity> {
        let KeySpec { header, cookie, salt } = key;
        let field = |part: &str| format!("affinity.key.{part}");

        let key = match (header, cookie) {
            (Some(name), None) => self.keep(field("header"), header::header_name(&name).map(Key::Header)),
            (None, Some(name)) => self.keep(field("cookie"), CookieName::new(&name).map(Key::Cookie)),
            (Some(_), Some(_)) => self.keep("affinity.key", Err(Invalid::Both("header", "cookie"))),
            (None, None) => self.keep("affinity.key", Err(Invalid::Neither("header", "cookie"))),
        };
        let salt = self.keep(field("salt"), affinity::checked_salt(salt.unwrap_or_default()));
        Some(KeyAffinity { key: key?, salt: salt? })
    }
}

impl From<Policy> for Spec {
    /// The policy as it would be written: parts that say the plain thing are left out.
    fn from(policy: Policy) -> Self {
        let Policy { canaries, total, affinity } = policy;
        let single = canaries.len() == 1;
        Spec {
            total: Some(total).filter(|&total| total != Total::default()).map(|total| i64::from(total.get())),
            canaries: canaries.into_iter().map(|canary| canary_spec(canary, single)).collect(),
            affinity: match affinity {
                Affinity::None => None,
                Affinity::Cookie(cookie) => Some(AffinitySpec { cookie: Some(cookie.into()), key: None }),
                Affinity::Key(key) => Some(AffinitySpec { cookie: None, key: Some(key.into()) }),
            },
        }
    }
}

fn canary_spec(canary: Canary, single: bool) -> CanarySpec {
    let Canary { name, weight, header, cookie } = canary;
    CanarySpec {
        name: Some(name).filter(|name| !single || *name != Name::default()).map(|name| name.to_string()),
        weight: Some(i64::from(weight)).filter(|&weight| weight != 0),
        header: header.map(|HeaderRule { name, matches }| rule_spec(name.as_str(), matches)),
        cookie: cookie.map(|CookieRule { name, matches }| rule_spec(name.as_str(), matches)),
    }
}

fn rule_spec(name: &str, matches: Match) -> RuleSpec {
    let (value, pattern) = match matches {
        Match::AlwaysNever => (None, None),
        Match::Exact(value) => (Some(value), None),
        Match::Pattern(pattern) => (None, Some(pattern.to_string())),
    };
    RuleSpec { name: name.to_owned(), value, pattern }
}

impl From<CookieAffinity> for CookieAffinitySpec {
    fn from(affinity: CookieAffinity) -> Self {
        let CookieAffinity { name, precedence, pins, revision, max_age, path, domain, same_site, secure } = affinity;
        CookieAffinitySpec {
            name: name.to_string(),
            precedence: Some(precedence).filter(|&precedence| precedence != AffinityPrecedence::default()),
            pins: Some(pins).filter(|&pins| pins != Pins::default()),
            revision,
            max_age: max_age.map(i64::from),
            path,
            domain,
            same_site,
            secure: Some(secure).filter(|&secure| secure),
        }
    }
}

impl From<KeyAffinity> for KeySpec {
    fn from(affinity: KeyAffinity) -> Self {
        let KeyAffinity { key, salt } = affinity;
        let (header, cookie) = match key {
            Key::Header(name) => (Some(name.to_string()), None),
            Key::Cookie(name) => (None, Some(name.to_string())),
        };
        KeySpec { header, cookie, salt: Some(salt).filter(|salt| !salt.is_empty()) }
    }
}
