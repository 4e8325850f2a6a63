//! A policy as written: every part optional, nothing checked yet.

use super::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieRule, HeaderRule, Key, KeyAffinity, Match, Name, Pins,
    Policy, SameSite, Total,
};

/// A policy as written in YAML, JSON or a custom resource; parts left out mean the plain thing.
///
/// Field names are in camelCase and unknown ones are refused. The schema (feature `schemars`) is legal inside a
/// Kubernetes CRD: objects, arrays, integers, booleans and strings alone.
///
/// ```yaml
/// total: 100                                  # default 100
/// canaries:
///   - name: canary                            # default when there is one
///     weight: 30                              # default 0
///     header: { name: x-canary }              # always / never; or value: …, or pattern: …
///     cookie: { name: cohort, value: beta }   # or pattern: "beta|gamma"
/// affinity:
///   cookie: { name: route, precedence: beforeRules, pins: everyone, revision: "7", maxAge: 86400, path: /, domain: example.com, sameSite: Lax, secure: true }
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
    /// Another salt is another sample for everyone; by default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub salt: Option<String>,
}

impl From<&Policy> for Spec {
    fn from(policy: &Policy) -> Self {
        policy.clone().into()
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
