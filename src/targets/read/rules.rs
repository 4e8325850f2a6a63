//! The rules and the affinity of a policy, from rows that each send all requests to one variant.

use std::collections::BTreeSet;

use super::{OwnedCondition, VariantNames};
use crate::policy::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CookieAffinity, CookieRule, FormerTokens, HeaderRule, Match,
    Policy, SameSite, Token, Variant,
};

/// A row that sends all of its requests to one variant.
#[derive(Clone, Copy)]
pub(super) struct Decided<'r> {
    pub(super) condition: &'r OwnedCondition,
    pub(super) variant: Variant,
}

/// The rules of one canary.
#[derive(Clone, Default)]
pub(super) struct CanaryRules {
    /// Its first row with a condition on a header.
    pub(super) header: Option<HeaderRule>,
    /// Its first row with a condition on a cookie that is not the affinity cookie.
    pub(super) cookie: Option<CookieRule>,
}

/// The rules of this many canaries.
pub(super) fn rules(rows: &[Decided<'_>], canaries: usize) -> Vec<CanaryRules> {
    let to_stable = rows.iter().filter(|row| row.variant == Variant::Stable).map(|row| row.condition).collect();
    let mut rules = vec![CanaryRules::default(); canaries];
    for Decided { condition, variant } in rows {
        let Some(own) = variant.index().and_then(|index| rules.get_mut(index)) else { continue };
        match condition {
            OwnedCondition::Header(name, value) if own.header.is_none() => {
                let never = OwnedCondition::Header(name.clone(), "never".to_owned());
                own.header = HeaderRule::new(name, exact_or_always_never(value, &never, &to_stable)).ok();
            }
            OwnedCondition::HeaderPattern(name, pattern) if own.header.is_none() => {
                own.header = HeaderRule::new(name, Match::Pattern(pattern.clone())).ok();
            }
            OwnedCondition::Cookie(name, value) if own.cookie.is_none() => {
                let never = OwnedCondition::Cookie(name.clone(), "never".to_owned());
                own.cookie = CookieRule::new(name, exact_or_always_never(value, &never, &to_stable)).ok();
            }
            OwnedCondition::CookiePattern(name, pattern) if own.cookie.is_none() => {
                own.cookie = CookieRule::new(name, Match::Pattern(pattern.clone())).ok();
            }
            _ => {}
        }
    }
    rules
}

/// The match of a rule, from the value of its row. If the value is `always` and the `never` row sends requests to stable, the two
/// rows are one [`Match::AlwaysNever`]. Otherwise the value is an exact match.
fn exact_or_always_never(value: &str, never: &OwnedCondition, to_stable: &BTreeSet<&OwnedCondition>) -> Match {
    if value == "always" && to_stable.contains(never) { Match::AlwaysNever } else { Match::Exact(value.to_owned()) }
}

/// The affinity that is expressed by the rows with a condition on the affinity cookie. Its attributes are those of the
/// `Set-Cookie` value.
pub(super) fn affinity(rows: &[Decided<'_>], names: &VariantNames, set_cookie: Option<&str>) -> Affinity {
    let of_cookie = |row: &&Decided<'_>| matches!(row.condition, OwnedCondition::Affinity(..));
    let first = rows.iter().find(of_cookie);
    let Some(Decided { condition: OwnedCondition::Affinity(name, value), variant }) = first else {
        return Affinity::None;
    };
    let Ok(cookie) = CookieAffinity::new(name) else { return Affinity::None };

    let revision = value.strip_suffix(names.name(*variant)).and_then(|rest| rest.strip_suffix('.'));
    let cookie = match revision.map(|revision| cookie.clone().with_revision(revision)) {
        Some(Ok(revised)) => revised,
        Some(Err(_)) | None => cookie,
    };
    let pins_canary = rows.iter().filter(of_cookie).any(|row| row.variant != Variant::Stable);
    let scope = if pins_canary { AffinityScope::AllVariants } else { AffinityScope::StableOnly };
    let cookie_is_first = rows.iter().take(1).any(|row| of_cookie(&row));
    let precedence = if cookie_is_first { AffinityPrecedence::BeforeRules } else { AffinityPrecedence::AfterRules };
    let cookie = cookie.with_scope(scope).with_precedence(precedence);
    Affinity::Cookie(with_attributes(cookie, set_cookie.unwrap_or_default()))
}

/// The former tokens that rows honour, if there is one for each variant that the affinity cookie of the policy pins.
pub(super) fn former_tokens(rows: &[Decided<'_>], policy: &Policy) -> Option<FormerTokens> {
    let Affinity::Cookie(cookie) = policy.affinity() else { return None };
    let token = |variant: Variant| {
        rows.iter().filter(|row| row.variant == variant).find_map(|row| match row.condition {
            OwnedCondition::FormerToken(name, token) if name == cookie.name().as_str() => Token::new(token).ok(),
            _ => None,
        })
    };
    let pinned = cookie.pinned(policy.canaries().iter().map(Canary::name));
    let mut tokens = pinned.into_iter().map(|(variant, _)| token(variant)).collect::<Option<Vec<Token>>>()?.into_iter();
    FormerTokens::new(tokens.next()?, tokens).ok()
}

/// The cookie with the attributes of a `Set-Cookie` value. An attribute that cannot be read is skipped here. The reading ends by
/// writing the policy and comparing the result with the object, which reports the attribute.
fn with_attributes(mut cookie: CookieAffinity, set_cookie: &str) -> CookieAffinity {
    for attribute in set_cookie.split("; ").skip(1) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let unchanged = cookie.clone();
        cookie = match name {
            "Max-Age" => value.parse().map_or(unchanged, |seconds| cookie.with_max_age(seconds)),
            "Domain" => cookie.with_domain(value).unwrap_or(unchanged),
            // A cookie without a path is written with this path.
            "Path" if value == "/" => unchanged,
            "Path" => cookie.with_path(value).unwrap_or(unchanged),
            "Secure" => cookie.with_secure(true),
            "SameSite" => match value {
                "Strict" => cookie.with_same_site(SameSite::Strict),
                "Lax" => cookie.with_same_site(SameSite::Lax),
                "None" => cookie.with_same_site(SameSite::None),
                _ => unchanged,
            },
            _ => unchanged,
        };
    }
    cookie
}
