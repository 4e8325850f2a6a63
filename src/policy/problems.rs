//! From a spec to a policy, with every problem on the way.

use std::collections::BTreeSet;

use super::{
    Affinity, AffinitySpec, Canary, CanarySpec, CookieAffinity, CookieAffinitySpec, CookieName, CookieRule, HeaderRule,
    Key, KeyAffinity, KeySpec, Match, Name, Pattern, Policy, RuleSpec, Spec, Total, affinity, cookie, header, key,
};
use crate::error::{Excerpt, Invalid, InvalidPolicy, Problem};

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
        let salt = self.keep(field("salt"), key::checked_salt(salt.unwrap_or_default()));
        Some(KeyAffinity { key: key?, salt: salt? })
    }
}

/// What is wrong between canaries that are valid one by one: `None` stands for a part that is not.
pub(super) fn problems_between<'p>(
    names: impl ExactSizeIterator<Item = Option<&'p Name>>,
    weights: impl Iterator<Item = Option<u32>> + Clone,
    total: Option<Total>,
) -> Vec<Problem> {
    if names.len() == 0 {
        return vec![Invalid::NoCanary.at("canaries")];
    }
    let mut problems = Vec::new();

    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if let Some(name) = name.filter(|name| !seen.insert(*name)) {
            problems.push(Invalid::NameTwice(Excerpt::of(name.as_str())).at(format!("canaries[{index}].name")));
        }
    }

    let Some(total) = total.map(Total::get) else { return problems };
    let sum: u64 = weights.clone().flatten().map(u64::from).sum();
    let above = weights.clone().enumerate().filter_map(|(index, weight)| Some((index, weight.filter(|&w| w > total)?)));
    problems
        .extend(above.map(|(index, weight)| {
            Invalid::WeightAboveTotal { weight, total }.at(format!("canaries[{index}].weight"))
        }));
    if sum > u64::from(total) && weights.flatten().all(|weight| weight <= total) {
        problems.push(Invalid::SumAboveTotal { sum, total }.at("canaries"));
    }
    problems
}
