//! Proves that virtual hosts answer as others did before.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

#[cfg(doc)]
use super::LocationDifference;
use super::classes::PathClasses;
use super::host_classes::{HostPair, host_pairs};
use super::location_pair::{Side, answer};
use super::{Answer, HostClass};
use crate::error::{Diagnostic, Severity};
#[cfg(doc)]
use crate::route::Location;
use crate::route::{Path, Specificity, VirtualHost};
use crate::targets::VirtualHostReading;

/// Whether every request is answered as before, for each class of hosts and paths; [`verify`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Verification {
    /// The answers, sorted by host, with the answer for every other host last. A class that nothing answers, neither before nor
    /// after, is left out.
    pub locations: Vec<LocationAnswer>,
}

/// The answer for one class of requests: those for a host and a path, without those for which a more specific host or path has a
/// class of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LocationAnswer {
    /// The hosts.
    pub hosts: HostClass,
    /// A host of this class.
    pub example_host: String,
    /// The path, or every path with this prefix that no other path of the host matches more specifically.
    pub path: Path,
    /// A path of a request of this class.
    pub example_path: String,
    /// Whether these requests are answered alike.
    pub answer: Answer,
}

impl Verification {
    /// The answer for all classes: the first difference if there is one, or else the first class that is not decided.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        let find = |wanted: fn(&Answer) -> bool| {
            self.locations.iter().map(|location| &location.answer).find(|one| wanted(one))
        };
        find(|answer| matches!(answer, Answer::Differs(_)))
            .or_else(|| find(|answer| matches!(answer, Answer::Undecided(_) | Answer::Unread)))
            .unwrap_or(&Answer::Same)
    }
}

/// The diagnostic of a class, whose object is the hosts, and whose field is the path.
impl Diagnostic for LocationAnswer {
    fn code(&self) -> &'static str {
        self.answer.code()
    }

    fn severity(&self) -> Severity {
        self.answer.severity()
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.path.to_string()))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.hosts.to_string()))
    }
}

/// A line for each class.
impl fmt::Display for LocationAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocationAnswer { hosts, example_host, path, example_path: _, answer } = self;
        hosts.fmt(f)?;
        if matches!(hosts, HostClass::MoreLabels(_)) {
            write!(f, ", such as {example_host},")?;
        }
        write!(f, " {path}: {answer}")
    }
}

/// Proves that the virtual hosts `after` answer every request as the virtual hosts `before` do, or finds requests that they answer
/// differently.
///
/// Requests are divided into classes: by the hosts that either side names, and on each host by the paths that either side has.
/// Within a class, one location decides before and one after, so that [`compare::policies`](crate::compare::policies) answers for
/// all requests of the class. Two requests are answered alike if they go to the same backend, for the same reason, and get the
/// same cookie. A canary is known by its backend; by its name too, if an affinity cookie contains the name. Where the weights
/// decide, the shares are compared: targets draw a variant by chance, unless there is a key.
///
/// Clients may hold an affinity cookie of the former router. The [former tokens](Location::former_tokens) of a location say so;
/// [`nginx::hosts`](crate::targets::nginx) returns them. If the virtual hosts after the move do not honour the same tokens, these
/// clients are assigned anew, which is a [difference](LocationDifference::FormerToken) too.
///
/// Only backends and cookies are compared: a rewrite, a timeout or a parent is not. No proof covers what a reader has left out or
/// assumed, so read its findings too. If several virtual hosts have one host, the first counts.
///
/// The most specific host decides: a host that is named before a wildcard, and a longer wildcard before a shorter one. Only its
/// virtual host is asked, even if it has no location for the path. In `before`, a wildcard matches one label, as on
/// ingress-nginx, and in `after` what [`wildcards`](VirtualHostReading::wildcards) says. Hosts that are answered after the move
/// only because a wildcard then matches more labels are a [difference](HostClass::MoreLabels), even if a loss of the conversion
/// has said so.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::Diagnostic;
/// use canary_policy::migrate::{self, Answer};
/// use canary_policy::route::{Location, Path, VirtualHost};
///
/// let shop = |weight, orders: &str| -> Result<VirtualHost, Box<dyn std::error::Error>> {
///     let root = Location::new(Path::prefix("/")?, "shop:80".parse()?);
///     let root = root.with_policy(Policy::percent(weight)?, ["shop-canary:80".parse()?])?;
///     let orders = Location::new(Path::prefix("/orders")?, orders.parse()?);
///     Ok(VirtualHost::new("shop", [root, orders])?.with_hosts(["shop.test".parse()?])?)
/// };
/// let before = [shop(30, "orders:80")?];
/// assert_eq!(migrate::verify(&before, &[shop(30, "orders:80")?.into()]).answer(), &Answer::Same);
///
/// let verification = migrate::verify(&before, &[shop(31, "shop:80")?.into()]);
/// let lines: Vec<String> = verification.locations.iter().map(ToString::to_string).collect();
/// assert_eq!(lines, [
///     "shop.test Prefix /orders: stable is `orders:80` before, and stable is `shop:80` after",
///     "shop.test Prefix /: a request without headers and with the sample 0.3 goes from stable to canary, by weight",
/// ]);
/// assert_eq!(verification.locations[0].code(), "different");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(before: &[VirtualHost], after: &[VirtualHostReading]) -> Verification {
    verify_each(before, after, |_| {})
}

/// Proves the same as [`verify`], and calls a function with each answer as soon as it is known, which may be long before the last
/// one.
///
/// ```
/// use canary_policy::migrate;
/// use canary_policy::route::{Location, Path, VirtualHost};
///
/// let web = Location::new(Path::prefix("/")?, "web:80".parse()?);
/// let host = VirtualHost::new("web", [web])?;
/// let mut count = 0;
/// let verification = migrate::verify_each(&[host.clone()], &[host.into()], |_| count += 1);
/// assert_eq!(verification.locations.len(), count);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_each(
    before: &[VirtualHost],
    after: &[VirtualHostReading],
    mut each: impl FnMut(&LocationAnswer),
) -> Verification {
    let mut locations = Vec::new();
    for pair in host_pairs(before, after) {
        let classes = PathClasses::new(&pair);
        let inexact = pair.after.map(Inexact::new);
        let HostPair { class, example, before, after } = pair;
        for path in &classes.paths {
            let example_path = classes.example(path);
            let side = |host| Side::of(host, &example_path);
            let sides = (side(before), side(after.map(|reading| &reading.virtual_host)));
            let answer = match sides {
                _ if inexact.as_ref().is_some_and(|inexact| inexact.decides(path)) => Answer::Unread,
                (None, None) => continue,
                (before, after) => answer(before, after),
            };
            let (hosts, example_host) = (class.clone(), example.clone());
            let answer = LocationAnswer { hosts, example_host, path: path.clone(), example_path, answer };
            each(&answer);
            locations.push(answer);
        }
    }
    Verification { locations }
}

/// Which paths have rules that are not those of a policy.
#[derive(Debug)]
pub(super) struct Inexact<'h>(BTreeMap<Specificity<'h>, bool>);

impl<'h> Inexact<'h> {
    pub(super) fn new(reading: &'h VirtualHostReading) -> Self {
        let of_locations = reading.virtual_host.locations().iter().map(|location| (location.path(), false));
        let all = of_locations.chain(reading.inexact.iter().map(|path| (path, true)));
        Inexact(all.map(|(path, is_inexact)| (path.specificity(), is_inexact)).collect())
    }

    /// Whether the rules that decide requests of this class are not those of a policy.
    pub(super) fn decides(&self, class: &Path) -> bool {
        Specificity::of_covering(class).find_map(|path| self.0.get(&path)).copied().unwrap_or_default()
    }
}
