//! The spec: a policy as it is written, in which every part is optional and nothing has been checked.

#[cfg(feature = "serde")]
use super::written_value;
use super::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CanaryName, CookieAffinity, CookieRule, HeaderRule, Key,
    KeyAffinity, KeyHash, Match, Parts, Policy, Total,
};
#[cfg(feature = "schemars")]
use super::{Pattern, cookie_affinity, header, key_affinity, schema};
use crate::error::Problem;
#[cfg(feature = "schemars")]
use crate::names::MAX_LABEL;
#[cfg(feature = "schemars")]
use crate::schema::for_operators;

/// A policy as it is written in YAML, JSON or a custom resource. `Policy::try_from` checks it.
///
/// Field names are in camelCase. A field that is left out, or is `null`, has the default that is documented for it.
/// Unknown fields are errors of the format that a spec is read from; every value is checked by `Policy::try_from`, even
/// its type. The schema (feature `schemars`) is legal inside a Kubernetes CRD: it has only objects, arrays,
/// integers, booleans and strings.
///
/// ```yaml
/// total: 100                                  # default 100
/// canaries:
///   - name: canary                            # default if there is only one canary
///     weight: 30                              # default 0
///     header: { name: x-canary }              # matches always and never; or add value: …, or pattern: …
///     cookie: { name: cohort, value: beta }   # or pattern: "beta|gamma"
/// affinity:
///   cookie:
///     { name: route, precedence: beforeRules, pins: everyone, revision: "7", maxAge: 86400,
///       path: /, domain: example.com, sameSite: Lax, secure: true }
///   # or  key: { header: x-user-id, salt: checkout-2026 }
/// ```
///
/// `Spec` and its parts can be built as literals. New optional fields are added in minor versions, so end a literal
/// with `..Default::default()`, and a pattern that takes a value apart with `..`.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(
    feature = "schemars",
    schemars(
        description = "A canary traffic policy: which share of the requests, and which requests, each canary gets."
    )
)]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::SPEC_RULES)))]
pub struct Spec {
    /// The number of parts that weights are counted in: 1 to 4294967295, by default 100.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(range(min = 1, max = u32::MAX)))]
    pub total: Option<i64>,
    /// One or more canaries, in the order in which their rules are tried.
    #[cfg_attr(feature = "schemars", schemars(length(min = 1, max = schema::MAX_ITEMS)))]
    pub canaries: Vec<CanarySpec>,
    /// How a client keeps its variant. By default every request is decided anew.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub affinity: Option<AffinitySpec>,
    /// The values that had a wrong type when the spec was read. `Policy::try_from` reports them with all other problems,
    /// and a spec that has them cannot be written. Empty in a spec that was not read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", serialize_with = "written_value::refuse")
    )]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub unread: Vec<Problem>,
}

/// A [`Canary`] as it is written in a [`Spec`].
///
/// ```
/// use canary_policy::policy::CanarySpec;
///
/// let canary: CanarySpec = serde_json::from_str(r#"{ "weight": 30, "header": { "name": "x-canary" } }"#)?;
/// assert_eq!(canary.weight, Some(30));
/// assert!(serde_json::from_str::<CanarySpec>(r#"{ "wieght": 30 }"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(feature = "schemars", schemars(description = "A version under trial."))]
pub struct CanarySpec {
    /// The name: a DNS label other than `stable`. The default is `canary` if the policy has only one canary.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_LABEL), regex(pattern = schema::CANARY_NAME)))]
    pub name: Option<String>,
    /// The weight in parts of the total, by default 0. Clients that a cookie pins to the canary keep it at weight 0.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(range(min = 0, max = u32::MAX)))]
    pub weight: Option<i64>,
    /// The point of the total at which the canary's interval begins. Either all canaries have a position or none has.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(range(min = 0, max = u32::MAX)))]
    pub position: Option<i64>,
    /// The header rule, by default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(transform = schema::of_header_rule))]
    pub header: Option<RuleSpec>,
    /// The cookie rule, by default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(transform = schema::of_cookie_rule))]
    pub cookie: Option<RuleSpec>,
}

/// A [`HeaderRule`] or [`CookieRule`] as it is written in a [`Spec`].
///
/// At most one of `value` and `pattern` may be given. Without them, the rule matches the values `always` and `never`.
///
/// ```
/// use canary_policy::policy::RuleSpec;
///
/// let rule: RuleSpec = serde_json::from_str(r#"{ "name": "cohort", "value": "beta" }"#)?;
/// assert_eq!(rule, RuleSpec { name: "cohort".into(), value: Some("beta".into()), ..RuleSpec::default() });
/// assert!(serde_json::from_str::<RuleSpec>("{}").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(
    feature = "schemars",
    schemars(
        description = "A condition on a header or cookie. With neither value nor pattern it matches the values always and never."
    )
)]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::RULE_RULES)))]
pub struct RuleSpec {
    /// The name of the header or cookie.
    #[cfg_attr(feature = "schemars", schemars(length(max = header::MAX_NAME)))]
    pub name: String,
    /// The value that matches, of at most 4096 bytes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = header::MAX_VALUE)))]
    pub value: Option<String>,
    /// The pattern that matching values contain, of 1 to 4096 bytes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(min = 1, max = Pattern::MAX_LEN)))]
    pub pattern: Option<String>,
}

/// An [`Affinity`] as it is written in a [`Spec`]: exactly one of the two fields is given.
///
/// ```
/// use canary_policy::Spec;
///
/// let spec: Spec = serde_json::from_str(r#"{ "canaries": [{}], "affinity": { "cookie": { "name": "route" } } }"#)?;
/// assert_eq!(spec.affinity.and_then(|affinity| affinity.cookie).map(|cookie| cookie.name), Some("route".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(feature = "schemars", schemars(description = "How a client keeps its variant: by a cookie or by a key."))]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::AFFINITY_RULES)))]
pub struct AffinitySpec {
    /// Affinity by a cookie that the response sets.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cookie: Option<CookieAffinitySpec>,
    /// Affinity by a key that clients send.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub key: Option<KeySpec>,
}

/// A [`CookieAffinity`] as it is written in a [`Spec`].
///
/// ```
/// use canary_policy::policy::CookieAffinitySpec;
///
/// let cookie: CookieAffinitySpec = serde_json::from_str(r#"{ "name": "route", "pins": "stable" }"#)?;
/// assert_eq!(cookie.pins.as_deref(), Some("stable"));
/// let error = serde_json::from_str::<CookieAffinitySpec>(r#"{ "name": "route", "maxAge": "a day" }"#).unwrap_err();
/// assert!(error.to_string().starts_with("maxAge: `a day` is given: expected a whole number"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "A cookie that the response sets and that names the client's variant.")
)]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::COOKIE_AFFINITY_RULES)))]
pub struct CookieAffinitySpec {
    /// The name of the cookie.
    #[cfg_attr(feature = "schemars", schemars(length(max = header::MAX_NAME), regex(pattern = schema::COOKIE_NAME)))]
    pub name: String,
    /// `beforeRules`, the default: the cookie decides before the rules. `afterRules`: it decides after them.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(extend("enum" = ["beforeRules", "afterRules"])))]
    pub precedence: Option<String>,
    /// `everyone`, the default: a client keeps stable or its canary. `stable`: a client keeps stable only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(extend("enum" = ["everyone", "stable"])))]
    pub pins: Option<String>,
    /// The revision that a cookie must carry, by default none. A new revision makes every client lose its variant.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = cookie_affinity::MAX_TOKEN), regex(pattern = schema::TOKEN)))]
    pub revision: Option<String>,
    /// The lifetime of the cookie in seconds, 0 to 4294967295. By default it lasts for the browser's session.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(range(min = 0, max = u32::MAX)))]
    pub max_age: Option<i64>,
    /// The `Path` of the cookie.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = cookie_affinity::MAX_PATH), regex(pattern = schema::COOKIE_PATH)))]
    pub path: Option<String>,
    /// The `Domain` of the cookie.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = cookie_affinity::MAX_DOMAIN), regex(pattern = schema::COOKIE_DOMAIN)))]
    pub domain: Option<String>,
    /// The `SameSite` of the cookie: `Strict`, `Lax` or `None`. By default the attribute is not set.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(extend("enum" = ["Strict", "Lax", "None"])))]
    pub same_site: Option<String>,
    /// Whether the cookie is marked `Secure` on every connection, by default `false`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub secure: Option<bool>,
}

/// A [`KeyAffinity`] as it is written in a [`Spec`]: exactly one of `header` and `cookie` is given.
///
/// ```
/// use canary_policy::policy::KeySpec;
///
/// let key: KeySpec = serde_json::from_str(r#"{ "header": "x-user-id", "salt": "checkout-2026" }"#)?;
/// assert_eq!((key.header.as_deref(), key.cookie), (Some("x-user-id"), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "A header or cookie whose value, with the salt, decides which variant a client gets.")
)]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::KEY_RULES)))]
pub struct KeySpec {
    /// The header that has the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = header::MAX_NAME), regex(pattern = schema::HEADER_NAME)))]
    pub header: Option<String>,
    /// The cookie that has the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = header::MAX_NAME), regex(pattern = schema::COOKIE_NAME)))]
    pub cookie: Option<String>,
    /// The salt, of at most 256 bytes, by default empty. A new salt gives every client a new sample.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = key_affinity::MAX_SALT)))]
    pub salt: Option<String>,
    /// The hash of salt and key, by default `xxh64`. The others are those of feature-flag SDKs.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(
        feature = "schemars",
        schemars(extend("enum" = ["xxh64", "flagd", "flagdCbor", "unleash", "growthBook", "launchDarkly"]))
    )]
    pub hash: Option<String>,
}

impl From<&Policy> for Spec {
    fn from(policy: &Policy) -> Self {
        policy.clone().into()
    }
}

impl From<Policy> for Spec {
    /// The shortest spec of this policy: fields that have their default are left out.
    fn from(policy: Policy) -> Self {
        let Parts { canaries, total, affinity } = policy.into_parts();
        let single = canaries.len() == 1;
        Spec {
            total: Some(total).filter(|&total| total != Total::default()).map(|total| i64::from(total.get())),
            canaries: canaries.into_iter().map(|canary| canary_spec(canary, single)).collect(),
            affinity: match affinity {
                Affinity::None => None,
                Affinity::Cookie(cookie) => Some(AffinitySpec { cookie: Some(cookie.into()), key: None }),
                Affinity::Key(key) => Some(AffinitySpec { cookie: None, key: Some(key.into()) }),
            },
            unread: Vec::new(),
        }
    }
}

fn canary_spec(canary: Canary, single: bool) -> CanarySpec {
    let Canary { name, weight, position, header, cookie } = canary;
    CanarySpec {
        name: Some(name).filter(|name| !single || *name != CanaryName::default()).map(|name| name.to_string()),
        weight: Some(i64::from(weight)).filter(|&weight| weight != 0),
        position: position.map(i64::from),
        header: header.map(|HeaderRule { name, value_match }| rule_spec(name.as_str(), value_match)),
        cookie: cookie.map(|CookieRule { name, value_match }| rule_spec(name.as_str(), value_match)),
    }
}

fn rule_spec(name: &str, value_match: Match) -> RuleSpec {
    let (value, pattern) = match value_match {
        Match::AlwaysNever => (None, None),
        Match::Exact(value) => (Some(value), None),
        Match::Pattern(pattern) => (None, Some(pattern.to_string())),
    };
    RuleSpec { name: name.to_owned(), value, pattern }
}

impl From<CookieAffinity> for CookieAffinitySpec {
    fn from(affinity: CookieAffinity) -> Self {
        let CookieAffinity { name, precedence, scope, revision, max_age, path, domain, same_site, secure } = affinity;
        CookieAffinitySpec {
            name: name.to_string(),
            precedence: Some(precedence)
                .filter(|&precedence| precedence != AffinityPrecedence::default())
                .map(|precedence| precedence.as_str().to_owned()),
            pins: Some(scope).filter(|&scope| scope != AffinityScope::default()).map(|scope| scope.as_str().to_owned()),
            revision,
            max_age: max_age.map(i64::from),
            path,
            domain,
            same_site: same_site.map(|same_site| same_site.as_str().to_owned()),
            secure: Some(secure).filter(|&secure| secure),
        }
    }
}

impl From<KeyAffinity> for KeySpec {
    fn from(affinity: KeyAffinity) -> Self {
        let KeyAffinity { key, salt, hash } = affinity;
        let (header, cookie) = match key {
            Key::Header(name) => (Some(name.to_string()), None),
            Key::Cookie(name) => (None, Some(name.to_string())),
        };
        KeySpec {
            header,
            cookie,
            salt: Some(salt).filter(|salt| !salt.is_empty()),
            hash: Some(hash).filter(|hash| *hash != KeyHash::default()).map(|hash| hash.to_string()),
        }
    }
}
