//! The nearest host, location or annotation: what the owner probably meant.

use crate::targets::nginx::annotations::key;
use crate::targets::nginx::{Location, VirtualHost};

/// A host that differs only in letter case, or a wildcard host or an alias that matches.
pub(super) fn host<'h>(wanted: &str, hosts: &'h [VirtualHost]) -> Option<&'h str> {
    let is_near = |host: &VirtualHost| {
        let wildcard = host.host.strip_prefix("*.");
        let is_matched = wildcard.is_some_and(|rest| wanted.split_once('.').is_some_and(|(_, domain)| domain == rest));
        host.host.eq_ignore_ascii_case(wanted) || is_matched || host.aliases.iter().any(|alias| alias == wanted)
    };
    hosts.iter().find(|host| is_near(host)).map(|host| host.host.as_str())
}

/// The stable location of the host whose path is most like this one: the same one with another path type, then one that differs
/// in letter case or in a `/` at its end, then the one with the longest common beginning.
pub(super) fn location<'h>(path: &str, host: &'h VirtualHost) -> Option<&'h Location> {
    let normal = |path: &str| path.trim_end_matches('/').to_ascii_lowercase();
    let nearness = |location: &Location| {
        let common = path.bytes().zip(location.path.bytes()).take_while(|(one, other)| one == other).count();
        (location.path == path, normal(&location.path) == normal(path), common)
    };
    let stable = host.locations.iter().filter(|location| !location.is_default_backend);
    stable.max_by_key(|location| nearness(location))
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
