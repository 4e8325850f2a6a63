//! From a spec to a policy: every field is checked, and every problem is reported.

use super::problems::{CanaryParts, Problems};
use super::{
    Affinity, AffinitySpec, Canary, CanaryName, CanarySpec, CookieAffinity, CookieAffinitySpec, CookieName, CookieRule,
    HeaderRule, Key, KeyAffinity, KeyHash, KeySpec, Match, Parts, Pattern, Policy, RuleSpec, Spec, Total, cookie,
    cookie_affinity, header, key_affinity,
};
use crate::error::{Invalid, InvalidPolicy};

impl TryFrom<Spec> for Policy {
    type Error = InvalidPolicy;

    /// Checks every field of the spec.
    ///
    /// # Errors
    ///
    /// A field is invalid. The error has all problems. Values of a wrong type come first, and the others are in the order
    /// of the fields. The problems that the canaries have together come last: there are too few or too many of them, two
    /// have the same name, their patterns cost too much, or their weights are above the total. Of too many canaries,
    /// none is checked.
    fn try_from(spec: Spec) -> Result<Self, InvalidPolicy> {
        let Spec { total, canaries, affinity, unread } = spec;
        let mut problems = Problems::of_unread(unread);

        let total = problems.keep("total", checked_total(total));
        let count = canaries.len();
        let single = count == 1;
        let canaries: Vec<CheckedCanary> = canaries
            .into_iter()
            .take_while(|_| count <= Policy::MAX_CANARIES)
            .enumerate()
            .map(|(index, canary)| problems.checked_canary(&format!("canaries[{index}]"), canary, single))
            .collect();
        let affinity = affinity.map_or(Some(Affinity::None), |affinity| problems.checked_affinity(affinity));
        let parts: Vec<CanaryParts<'_>> = canaries.iter().map(CheckedCanary::parts).collect();
        problems.check_count(count);
        problems.check_together(&parts, total);

        let canaries: Option<Vec<Canary>> = canaries.into_iter().map(CheckedCanary::into_canary).collect();
        match (canaries, total, affinity) {
            (Some(canaries), Some(total), Some(affinity)) if problems.is_empty() => {
                Ok(Policy::of(Parts { canaries, total, affinity }))
            }
            // A part that is `None` has added a problem.
            _ => Err(problems.into_error()),
        }
    }
}

impl TryFrom<&Spec> for Policy {
    type Error = InvalidPolicy;

    /// Checks every field of the spec, which stays where it is.
    fn try_from(spec: &Spec) -> Result<Self, InvalidPolicy> {
        Policy::try_from(spec.clone())
    }
}

fn checked_total(total: Option<i64>) -> Result<Total, Invalid> {
    let Some(total) = total else { return Ok(Total::default()) };
    u32::try_from(total).ok().and_then(|parts| Total::new(parts).ok()).ok_or(Invalid::Total(total))
}

/// A canary whose invalid parts are `None`. Each of them has added a problem, so no policy is made of the canary. A
/// position or rule that the spec does not have is `None` too.
struct CheckedCanary {
    name: Option<CanaryName>,
    weight: Option<u32>,
    position: Option<u32>,
    header: Option<HeaderRule>,
    cookie: Option<CookieRule>,
}

impl CheckedCanary {
    fn parts(&self) -> CanaryParts<'_> {
        let CheckedCanary { name, weight, position, header, cookie } = self;
        CanaryParts {
            name: name.as_ref(),
            weight: *weight,
            position: *position,
            header: header.as_ref(),
            cookie: cookie.as_ref(),
        }
    }

    fn into_canary(self) -> Option<Canary> {
        let CheckedCanary { name, weight, position, header, cookie } = self;
        Some(Canary { name: name?, weight: weight?, position, header, cookie })
    }
}

/// Each function checks one part of a spec. It adds the problems that it finds, and returns `None` if the part is
/// invalid.
impl Problems {
    fn checked_canary(&mut self, field: &str, canary: CanarySpec, single: bool) -> CheckedCanary {
        let CanarySpec { name, weight, position, header, cookie } = canary;
        let name = match name {
            Some(name) => CanaryName::new(&name),
            None if single => Ok(CanaryName::default()),
            None => Err(Invalid::NameMissing),
        };
        let weight = weight.unwrap_or(0);
        let point = |position| u32::try_from(position).map_err(|_| Invalid::Position(position));
        CheckedCanary {
            name: self.keep(format!("{field}.name"), name),
            weight: self.keep(format!("{field}.weight"), u32::try_from(weight).map_err(|_| Invalid::Weight(weight))),
            position: self.keep(format!("{field}.position"), position.map(point).transpose()).flatten(),
            header: header.and_then(|rule| self.checked_header_rule(&format!("{field}.header"), rule)),
            cookie: cookie.and_then(|rule| self.checked_cookie_rule(&format!("{field}.cookie"), rule)),
        }
    }

    fn checked_header_rule(&mut self, field: &str, rule: RuleSpec) -> Option<HeaderRule> {
        let RuleSpec { name, value, pattern } = rule;
        let name = self.keep(format!("{field}.name"), header::header_name(&name));
        let value_match = self.checked_value_match(field, value, pattern, header::checked_match);
        Some(HeaderRule { name: name?, value_match: value_match? })
    }

    fn checked_cookie_rule(&mut self, field: &str, rule: RuleSpec) -> Option<CookieRule> {
        let RuleSpec { name, value, pattern } = rule;
        let name = self.keep(format!("{field}.name"), CookieName::new(&name));
        let value_match = self.checked_value_match(field, value, pattern, cookie::checked_match);
        Some(CookieRule { name: name?, value_match: value_match? })
    }

    fn checked_value_match(
        &mut self,
        field: &str,
        value: Option<String>,
        pattern: Option<String>,
        checked: fn(Match) -> Result<Match, Invalid>,
    ) -> Option<Match> {
        match (value, pattern) {
            (None, None) => Some(Match::AlwaysNever),
            (Some(value), None) => self.keep(format!("{field}.value"), checked(Match::Exact(value))),
            (None, Some(text)) => self.keep(format!("{field}.pattern"), Pattern::new(&text).map(Match::Pattern)),
            (Some(_), Some(_)) => self.keep(field, Err(Invalid::Both("value", "pattern"))),
        }
    }

    fn checked_affinity(&mut self, affinity: AffinitySpec) -> Option<Affinity> {
        match affinity {
            AffinitySpec { cookie: Some(cookie), key: None } => {
                self.checked_cookie_affinity(cookie).map(Affinity::Cookie)
            }
            AffinitySpec { cookie: None, key: Some(key) } => self.checked_key_affinity(key).map(Affinity::Key),
            AffinitySpec { cookie: Some(_), key: Some(_) } => {
                self.keep("affinity", Err(Invalid::Both("cookie", "key")))
            }
            AffinitySpec { cookie: None, key: None } => self.keep("affinity", Err(Invalid::Neither("cookie", "key"))),
        }
    }

    fn checked_cookie_affinity(&mut self, cookie: CookieAffinitySpec) -> Option<CookieAffinity> {
        let CookieAffinitySpec { name, precedence, pins, revision, max_age, path, domain, same_site, secure } = cookie;
        let field = |part: &str| format!("affinity.cookie.{part}");
        let age = |seconds| u32::try_from(seconds).map_err(|_| Invalid::MaxAge(seconds));

        let path = path.map(|path| cookie_affinity::checked_path(path, &name)).transpose();
        let domain = domain.map(|domain| cookie_affinity::checked_domain(domain, &name)).transpose();
        let secure = cookie_affinity::checked_secure(secure, &name);
        let affinity = CookieAffinity::new(&name);

        let affinity = self.keep(field("name"), affinity);
        let precedence = self.keep(field("precedence"), precedence.map(|text| text.parse()).transpose());
        let scope = self.keep(field("pins"), pins.map(|text| text.parse()).transpose());
        let revision = self.keep(field("revision"), revision.map(cookie_affinity::checked_revision).transpose());
        let max_age = self.keep(field("maxAge"), max_age.map(age).transpose());
        let path = self.keep(field("path"), path);
        let domain = self.keep(field("domain"), domain);
        let same_site = self.keep(field("sameSite"), same_site.map(|text| text.parse()).transpose());
        let secure = self.keep(field("secure"), secure);
        let affinity = affinity?;
        Some(CookieAffinity {
            precedence: precedence?.unwrap_or_default(),
            scope: scope?.unwrap_or_default(),
            revision: revision?,
            max_age: max_age?,
            path: path?.or(affinity.path),
            domain: domain?,
            same_site: same_site?,
            secure: secure?,
            name: affinity.name,
        })
    }

    fn checked_key_affinity(&mut self, key: KeySpec) -> Option<KeyAffinity> {
        let KeySpec { header, cookie, salt, hash } = key;
        let field = |part: &str| format!("affinity.key.{part}");

        let key = match (header, cookie) {
            (Some(name), None) => self.keep(field("header"), header::header_name(&name).map(Key::Header)),
            (None, Some(name)) => self.keep(field("cookie"), CookieName::new(&name).map(Key::Cookie)),
            (Some(_), Some(_)) => self.keep("affinity.key", Err(Invalid::Both("header", "cookie"))),
            (None, None) => self.keep("affinity.key", Err(Invalid::Neither("header", "cookie"))),
        };
        let salt = self.keep(field("salt"), key_affinity::checked_salt(salt.unwrap_or_default()));
        let hash = self.keep(field("hash"), hash.map_or(Ok(KeyHash::default()), |hash| hash.parse()));
        Some(KeyAffinity { key: key?, salt: salt?, hash: hash? })
    }
}
