//! The rules and the affinity of a policy, from rows that each send all requests to one variant.

use super::{OwnedCondition, VariantNames};
use crate::policy::{
    Affinity, AffinityPrecedence, AffinityScope, CookieAffinity, CookieRule, HeaderRule, Match, SameSite, Variant,
};

/// A row that sends all of its requests to one variant.
#[derive(Clone, Copy)]
pub(super) struct Decided<'r> {
    pub(super) condition: &'r OwnedCondition,
    pub(super) variant: Variant,
}

/// The header rule of a canary: its first row with a condition on a header.
pub(super) fn header_rule(rows: &[Decided<'_>], canary: Variant) -> Option<HeaderRule> {
    let own = rows.iter().enumerate().filter(|(_, row)| row.variant == canary);
    own.map(|(index, row)| (index, row.condition)).find_map(|(index, condition)| match condition {
        OwnedCondition::Header(name, value) => {
            let never = OwnedCondition::Header(name.clone(), "never".to_owned());
            HeaderRule::new(name, exact_or_always_never(value, rows, index, &never)).ok()
        }
        OwnedCondition::HeaderPattern(name, pattern) => HeaderRule::new(name, Match::Pattern(pattern.clone())).ok(),
        _ => None,
    })
}

/// The cookie rule of a canary: its first row with a condition on a cookie that is not the affinity cookie.
pub(super) fn cookie_rule(rows: &[Decided<'_>], canary: Variant) -> Option<CookieRule> {
    let own = rows.iter().enumerate().filter(|(_, row)| row.variant == canary);
    own.map(|(index, row)| (index, row.condition)).find_map(|(index, condition)| match condition {
        OwnedCondition::Cookie(name, value) => {
            let never = OwnedCondition::Cookie(name.clone(), "never".to_owned());
            CookieRule::new(name, exact_or_always_never(value, rows, index, &never)).ok()
        }
        OwnedCondition::CookiePattern(name, pattern) => CookieRule::new(name, Match::Pattern(pattern.clone())).ok(),
        _ => None,
    })
}

/// The match of a rule, from the row at `index` and its value. If the value is `always` and another row, the `never` row, sends
/// requests with the value `never` to stable, the two rows are one [`Match::AlwaysNever`]. Otherwise the value is an exact match.
///
/// The `never` row has to follow the row at `index` directly. It may be anywhere if no other row has the condition of the row at
/// `index`.
fn exact_or_always_never(value: &str, rows: &[Decided<'_>], index: usize, never: &OwnedCondition) -> Match {
    let is_never = |row: &Decided<'_>| row.condition == never && row.variant == Variant::Stable;
    let follows = rows.get(index + 1).is_some_and(is_never);
    let condition = rows.get(index).map(|row| row.condition);
    let is_only = rows.iter().filter(|row| Some(row.condition) == condition).count() == 1;
    if value == "always" && (follows || is_only && rows.iter().any(is_never)) {
        Match::AlwaysNever
    } else {
        Match::Exact(value.to_owned())
    }
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
    let has_rules = rows.iter().any(|row| !of_cookie(&row));
    let precedence =
        if cookie_is_first || !has_rules { AffinityPrecedence::BeforeRules } else { AffinityPrecedence::AfterRules };
    let cookie = cookie.with_scope(scope).with_precedence(precedence);
    Affinity::Cookie(with_attributes(cookie, set_cookie.unwrap_or_default()))
}

/// The cookie with the attributes of a `Set-Cookie` value. An attribute that cannot be read is skipped here, and reported when the
/// policy is written again and compared with the object.
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
