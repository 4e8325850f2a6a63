//! Rows and a split, back to a policy.
//!
//! The policy is put together from what the rows seem to say, written as a table again, and held against the rows: what is
//! not the same is a finding, so that nothing is lost in silence.

use super::difference::differences;
use super::seen::Seen;
use super::{Backend, Finding, Metadata};
use crate::error::{Excerpt, ReadingError};
use crate::policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Name, Pins, Policy, SameSite,
    Total, Variant,
};

/// A row that was read.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) field: String,
    pub(super) condition: Seen,
    pub(super) goals: Vec<Goal>,
}

/// A backend, its share and the affinity cookie that it sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) backend: Backend,
    pub(super) weight: u32,
    pub(super) set_cookie: Option<String>,
}

/// What was read of an object, in the order in which it decides.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) rows: Vec<Line>,
    /// The path of the split's field, and where it goes.
    pub(super) split: Option<(String, Vec<Goal>)>,
    /// What the annotation that names variants says.
    pub(super) variants: Option<Variants>,
}

/// Who is who.
#[derive(Clone, Debug)]
pub(super) struct Variants {
    pub(super) total: Option<u32>,
    pub(super) stable: Backend,
    pub(super) canaries: Vec<(Name, Backend)>,
}

impl Lines {
    /// Whether both decide alike, wherever it stands in them.
    pub(super) fn says(&self, other: &Lines) -> bool {
        let rows = |lines: &Lines| -> Vec<(Seen, Vec<Goal>)> {
            lines.rows.iter().map(|row| (row.condition.clone(), row.goals.clone())).collect()
        };
        let split = |lines: &Lines| lines.split.as_ref().map(|(_, goals)| goals.clone());
        rows(self) == rows(other) && split(self) == split(other)
    }

    /// The policy, and the backends of stable and of the canaries.
    pub(super) fn read(self, findings: &mut Vec<Finding>) -> Result<(Policy, Backend, Vec<Backend>), ReadingError> {
        let Lines { rows, split, variants } = self;
        let (split_field, split) = split.ok_or(ReadingError::NoSplit)?;
        let first = split.first().ok_or(ReadingError::NoSplit)?;
        let sum: u64 = split.iter().map(|goal| u64::from(goal.weight)).sum();
        match u32::try_from(sum) {
            Ok(0) => return Err(ReadingError::NoWeight { field: split_field }),
            Ok(_) => {}
            Err(_) => return Err(ReadingError::Sum { field: split_field, sum }),
        }

        let all = || rows.iter().flat_map(|row| &row.goals).chain(&split).map(|goal| &goal.backend);
        if variants.is_none() {
            let why = "it is the first of the split, and no annotation says otherwise";
            let value = Excerpt::of(&format!("stable is {}", first.backend));
            findings.push(Finding::Assumed { field: split_field.clone(), value, why });
        }
        let mut variants =
            variants.unwrap_or_else(|| Variants { total: None, stable: first.backend.clone(), canaries: Vec::new() });
        for backend in all() {
            variants.add(backend);
        }
        let Variants { total, stable, canaries } = variants;
        if canaries.is_empty() {
            return Err(ReadingError::NoCanary { stable: Excerpt::of(&stable.to_string()) });
        }
        let variant = |backend: &Backend| {
            let place = canaries.iter().position(|(_, canary)| canary == backend);
            if *backend == stable { Variant::Stable } else { place.map_or(Variant::Stable, Variant::Canary) }
        };

        let weight = |variant_of: Variant| -> u64 {
            let goals = split.iter().filter(|goal| variant(&goal.backend) == variant_of);
            goals.map(|goal| u64::from(goal.weight)).sum()
        };
        let (weights, total) = counted((0..canaries.len()).map(|index| weight(Variant::Canary(index))), sum, total);

        let decided: Vec<(&Seen, Variant)> = rows
            .iter()
            .filter_map(|Line { condition, goals, .. }| match goals.as_slice() {
                [goal] => Some((condition, variant(&goal.backend))),
                _ => None,
            })
            .collect();
        let parts = canaries.iter().zip(weights).enumerate().map(|(index, ((name, _), weight))| {
            let (header, cookie) = rules(&decided, Variant::Canary(index));
            Canary { name: name.clone(), weight, header, cookie }
        });
        let total = Total::new(total).map_err(|what| ReadingError::Invalid { field: split_field.clone(), what })?;
        let set = rows.iter().flat_map(|row| &row.goals).chain(&split).find_map(|goal| goal.set_cookie.as_deref());
        let policy = Policy::new(parts, total)?.with_affinity(affinity(&decided, &canaries, set));

        differences(&policy, &rows, (&split_field, &split), variant, findings);
        Ok((policy, stable, canaries.into_iter().map(|(_, backend)| backend).collect()))
    }
}

impl Variants {
    /// Reads `total=100 stable=web:80 canary=web-canary:80`.
    pub(super) fn read(metadata: &Metadata) -> Option<Self> {
        let mut words = metadata.annotations.get(Metadata::VARIANTS)?.split(' ').map(|word| word.split_once('='));
        let ("total", total) = words.next()?? else { return None };
        let ("stable", stable) = words.next()?? else { return None };
        let canaries = words.map(|word| {
            let (name, backend) = word?;
            Some((Name::new(name).ok()?, backend.parse().ok()?))
        });
        Some(Variants {
            total: Some(total.parse().ok()?),
            stable: stable.parse().ok()?,
            canaries: canaries.collect::<Option<_>>()?,
        })
    }

    /// A backend that has no name yet is a canary called as its Service is.
    fn add(&mut self, backend: &Backend) {
        let known = self.stable == *backend || self.canaries.iter().any(|(_, canary)| canary == backend);
        let taken = |name: &Name| self.canaries.iter().any(|(other, _)| other == name);
        if !known {
            let numbered = || format!("canary-{}", self.canaries.len());
            let name = Name::new(backend.service()).ok().filter(|name| !taken(name));
            let name = name.or_else(|| Name::new(&numbered()).ok()).unwrap_or_default();
            self.canaries.push((name, backend.clone()));
        }
    }
}

/// The weights as parts of the total that was meant, if they are whole parts of it, else of their sum; of 100 where
/// everything goes to one.
fn counted(weights: impl Iterator<Item = u64>, sum: u64, total: Option<u32>) -> (Vec<u32>, u32) {
    let weights: Vec<u64> = weights.collect();
    let one = weights.iter().all(|&weight| weight == 0 || weight == sum);
    let total = u64::from(total.unwrap_or(if one { 100 } else { 0 }));
    let whole = total > 0 && weights.iter().all(|weight| (weight * total).is_multiple_of(sum));
    let (numerator, denominator) = if whole { (total, sum) } else { (1, 1) };
    let scaled = |weight: u64| u32::try_from(weight * numerator / denominator).unwrap_or(u32::MAX);
    (weights.into_iter().map(scaled).collect(), scaled(sum))
}

/// The header and the cookie rule of a canary: the first of each kind.
fn rules(rows: &[(&Seen, Variant)], canary: Variant) -> (Option<HeaderRule>, Option<CookieRule>) {
    // `never` stands behind its `always`, or anywhere if there is no other.
    let never = |at: usize, never: Seen| {
        let is_never = |(seen, to): &(&Seen, Variant)| **seen == never && *to == Variant::Stable;
        let single =
            rows.iter().filter(|(seen, _)| rows.get(at).is_some_and(|(always, _)| seen == always)).count() == 1;
        rows.get(at + 1).is_some_and(is_never) || single && rows.iter().any(is_never)
    };
    let matches = |value: &str, never: bool| {
        if value == "always" && never { Match::AlwaysNever } else { Match::Exact(value.to_owned()) }
    };
    let own = || rows.iter().enumerate().filter(|(_, (_, to))| *to == canary).map(|(at, (seen, _))| (at, *seen));
    let header = own().find_map(|(at, seen)| match seen {
        Seen::Header(name, value) => {
            let never = never(at, Seen::Header(name.clone(), "never".to_owned()));
            HeaderRule::new(name, matches(value, never)).ok()
        }
        Seen::HeaderFound(name, pattern) => HeaderRule::new(name, Match::Pattern(pattern.clone())).ok(),
        _ => None,
    });
    let cookie = own().find_map(|(at, seen)| match seen {
        Seen::Cookie(name, value) => {
            let never = never(at, Seen::Cookie(name.clone(), "never".to_owned()));
            CookieRule::new(name, matches(value, never)).ok()
        }
        Seen::CookieFound(name, pattern) => CookieRule::new(name, Match::Pattern(pattern.clone())).ok(),
        _ => None,
    });
    (header, cookie)
}

/// The affinity that rows and a `Set-Cookie` value say together.
fn affinity(rows: &[(&Seen, Variant)], canaries: &[(Name, Backend)], set_cookie: Option<&str>) -> Affinity {
    let held = |(seen, to): &(&Seen, Variant)| match seen {
        Seen::Affinity(name, value) => Some((name.clone(), value.clone(), *to)),
        _ => None,
    };
    let Some((name, value, to)) = rows.iter().find_map(held) else { return Affinity::None };
    let Ok(mut cookie) = CookieAffinity::new(&name) else { return Affinity::None };

    let called = match to.index().and_then(|index| canaries.get(index)) {
        Some((name, _)) => name.as_str(),
        None => "stable",
    };
    if let Some(revision) = value.strip_suffix(called).and_then(|value| value.strip_suffix('.')) {
        cookie = cookie.clone().with_revision(revision).unwrap_or(cookie);
    }
    let everyone = rows.iter().filter_map(held).any(|(_, _, to)| to != Variant::Stable);
    let first_is_held = rows.first().is_some_and(|row| held(row).is_some());
    let ruled = rows.iter().any(|row| held(row).is_none());
    cookie = cookie.with_pins(if everyone { Pins::Everyone } else { Pins::Stable }).with_precedence(
        if first_is_held || !ruled { AffinityPrecedence::BeforeRules } else { AffinityPrecedence::AfterRules },
    );
    Affinity::Cookie(attributes(cookie, set_cookie.unwrap_or_default()))
}

/// The attributes of a `Set-Cookie` value. One that cannot be read shows when the value is written again.
fn attributes(mut cookie: CookieAffinity, set_cookie: &str) -> CookieAffinity {
    for attribute in set_cookie.split("; ").skip(1) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let same = cookie.clone();
        cookie = match name {
            "Max-Age" => value.parse().map_or(same, |seconds| cookie.with_max_age(seconds)),
            "Domain" => cookie.with_domain(value).unwrap_or(same),
            // What is written where a policy has none.
            "Path" if value == "/" => same,
            "Path" => cookie.with_path(value).unwrap_or(same),
            "Secure" => cookie.with_secure(true),
            "SameSite" => match value {
                "Strict" => cookie.with_same_site(SameSite::Strict),
                "Lax" => cookie.with_same_site(SameSite::Lax),
                "None" => cookie.with_same_site(SameSite::None),
                _ => same,
            },
            _ => same,
        };
    }
    cookie
}
