//! The nearest host, location or annotation: what the owner probably meant.

use std::collections::BTreeMap;

use crate::targets::nginx::annotations::key;
use crate::targets::nginx::{Location, VirtualHost};

/// The hosts and locations of a cluster by what they are near to.
pub(super) struct Nearest<'s> {
    /// The places of the hosts, by the host in lower case.
    any_case: BTreeMap<String, usize>,
    /// The places of the wildcard hosts, by their domains.
    wildcards: BTreeMap<&'s str, usize>,
    /// The places of the hosts with an alias, by the alias.
    aliases: BTreeMap<&'s str, usize>,
    hosts: Vec<&'s str>,
    locations: BTreeMap<&'s str, NearestLocations<'s>>,
}

/// The stable locations of a host. Of several locations with one key, the last one in the order of the controller counts.
#[derive(Default)]
struct NearestLocations<'s> {
    by_path: BTreeMap<&'s str, &'s Location>,
    /// By the path in lower case, without a `/` at its end.
    loosely: BTreeMap<String, &'s Location>,
}

impl<'s> Nearest<'s> {
    pub(super) fn new(hosts: &'s [VirtualHost]) -> Self {
        let mut nearest = Nearest {
            any_case: BTreeMap::new(),
            wildcards: BTreeMap::new(),
            aliases: BTreeMap::new(),
            hosts: hosts.iter().map(|host| host.host.as_str()).collect(),
            locations: hosts.iter().map(|host| (host.host.as_str(), NearestLocations::new(host))).collect(),
        };
        for (place, host) in hosts.iter().enumerate() {
            nearest.any_case.entry(host.host.to_ascii_lowercase()).or_insert(place);
            if let Some(domain) = host.host.strip_prefix("*.") {
                nearest.wildcards.entry(domain).or_insert(place);
            }
            for alias in &host.aliases {
                nearest.aliases.entry(alias).or_insert(place);
            }
        }
        nearest
    }

    /// The first host that differs only in letter case, or that is a wildcard or has an alias that matches.
    pub(super) fn host(&self, wanted: &str) -> Option<&'s str> {
        let wildcard = wanted.split_once('.').and_then(|(_, domain)| self.wildcards.get(domain));
        let near = [self.any_case.get(&wanted.to_ascii_lowercase()), wildcard, self.aliases.get(wanted)];
        near.into_iter().flatten().min().and_then(|place| self.hosts.get(*place)).copied()
    }

    /// The stable location of the host whose path is most like this one: the same one with another path type, then one that differs
    /// in letter case or in a `/` at its end, then the first of those with the longest common beginning.
    pub(super) fn location(&self, host: &str, path: &str) -> Option<&'s Location> {
        let NearestLocations { by_path, loosely } = self.locations.get(host)?;
        by_path.get(path).or_else(|| loosely.get(&loose(path))).copied().or_else(|| {
            // In the order of the texts, the path with the longest common beginning is next to this one.
            let next = [by_path.range(..path).next_back(), by_path.range(path..).next()];
            let common = next.into_iter().flatten().map(|(other, _)| common_beginning(path, other));
            let beginning = common.max_by_key(|beginning| beginning.len())?;
            by_path.range(beginning..).next().map(|(_, location)| *location)
        })
    }
}

impl<'s> NearestLocations<'s> {
    fn new(host: &'s VirtualHost) -> Self {
        let mut locations = NearestLocations::default();
        for location in host.locations.iter().filter(|location| !location.is_default_backend) {
            locations.by_path.insert(&location.path, location);
            locations.loosely.insert(loose(&location.path), location);
        }
        locations
    }
}

/// The path in lower case, without a `/` at its end.
fn loose(path: &str) -> String {
    path.trim_end_matches('/').to_ascii_lowercase()
}

/// The longest text with which both begin.
fn common_beginning<'t>(one: &'t str, other: &str) -> &'t str {
    let letters = one.char_indices().zip(other.chars());
    let differing = letters.into_iter().find(|((_, letter), other)| letter != other);
    let end = differing.map_or(one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or_default()
}

/// The annotation of canaries or of affinity with the fewest changed letters, if it has few.
pub(super) fn annotation(unknown: &str) -> Option<&'static str> {
    let known = key::OF_CANARY.into_iter().chain([key::AFFINITY_BEHAVIOR]).filter(|known| *known != key::CANARY);
    // A word too many, as in `canary-by-cookie-value` and `canary-by-weight`.
    let words = |text: &str| text.split('-').map(str::to_owned).collect::<Vec<_>>();
    let has_words = |known: &&str| words(known).iter().all(|word| words(unknown).contains(word));
    let nearest = known.clone().map(|known| (distance(unknown, known), known)).min();
    let by_letters = nearest.filter(|(distance, _)| *distance <= 3).map(|(_, known)| known);
    by_letters.or_else(|| known.filter(has_words).max_by_key(|known| known.len()))
}

/// The number of letters to insert, remove or change (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.bytes().enumerate() {
        let mut next = vec![index + 1];
        for ((above, diagonal), known) in row.iter().skip(1).zip(&row).zip(other.bytes()) {
            let left = next.last().copied().unwrap_or_default();
            next.push((above + 1).min(left + 1).min(diagonal + usize::from(letter != known)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
