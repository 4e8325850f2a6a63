//! Proves that virtual hosts answer as others did before.

use std::collections::BTreeMap;
use std::fmt;

use super::Answer;
#[cfg(doc)]
use super::LocationDifference;
use super::classes::{HostClass, PathClasses, host_classes};
use super::location_pair::{Side, answer};
use crate::route::{Host, Path, Specificity, VirtualHost};
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

/// The answer for one class of requests: those for a host and a path, without those for which a more specific host or path has a class
/// of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LocationAnswer {
    /// The host, or every host that a wildcard matches and that is not listed itself. `None` is every host that is not listed.
    pub host: Option<Host>,
    /// The path, or every path with this prefix that no other path of the host matches more specifically.
    pub path: Path,
    /// A path of a request of this class.
    pub example: String,
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

/// A line for each class.
impl fmt::Display for LocationAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocationAnswer { host, path, example: _, answer } = self;
        match host {
            Some(host) => write!(f, "{host}")?,
            None => f.write_str("every other host")?,
        }
        write!(f, " {path}: {answer}")
    }
}

/// Proves that the virtual hosts `after` answer every request as the virtual hosts `before` do, or finds requests that they answer
/// differently.
///
/// Requests are divided into classes: by the hosts that either side names, and on each host by the paths that either side has.
/// Within a class, one location decides before and one after, so that [`compare::policies`](crate::compare::policies) answers for all
/// requests of the class. Two requests are answered alike if they go to the same backend, for the same reason, and get the same
/// cookie. A canary is known by its backend; by its name too, if an affinity cookie contains the name. Where the weights decide, the
/// shares are compared: targets draw a variant by chance, unless there is a key.
///
/// Clients may hold an affinity cookie of the router before, as [`nginx::hosts`](crate::targets::nginx) says it of each location by
/// its [former tokens](Location::former_tokens). If the virtual hosts after do not honour the same tokens, these clients are
/// assigned anew, which is a [difference](LocationDifference::FormerToken) too.
///
/// Only backends and cookies are compared: a rewrite, a timeout or a parent is not. No proof covers what a reader has left out or
/// assumed, so read its findings too. If several virtual hosts have one host, the first counts. A wildcard is taken to match every
/// host below its domain, on both sides.
///
/// ```
/// use canary_policy::Policy;
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
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(before: &[VirtualHost], after: &[VirtualHostReading]) -> Verification {
    let mut locations = Vec::new();
    for class in host_classes(before, after) {
        let classes = PathClasses::new(&class);
        let inexact = class.after.map(Inexact::new);
        let HostClass { host, before, after } = class;
        for path in &classes.paths {
            let example = classes.example(path);
            let sides = (Side::of(before, &example), Side::of(after.map(|reading| &reading.virtual_host), &example));
            let answer = match sides {
                _ if inexact.as_ref().is_some_and(|inexact| inexact.decides(path)) => Answer::Unread,
                (None, None) => continue,
                (before, after) => answer(before, after),
            };
            locations.push(LocationAnswer { host: host.clone(), path: path.clone(), example, answer });
        }
    }
    Verification { locations }
}

/// Which paths have rules that are not those of a policy.
struct Inexact<'h>(BTreeMap<Specificity<'h>, bool>);

impl<'h> Inexact<'h> {
    fn new(reading: &'h VirtualHostReading) -> Self {
        let of_locations = reading.virtual_host.locations().iter().map(|location| (location.path(), false));
        let all = of_locations.chain(reading.inexact.iter().map(|path| (path, true)));
        Inexact(all.map(|(path, is_inexact)| (path.specificity(), is_inexact)).collect())
    }

    /// Whether the rules that decide requests of this class are not those of a policy.
    fn decides(&self, class: &Path) -> bool {
        Specificity::of_covering(class).find_map(|path| self.0.get(&path)).copied().unwrap_or_default()
    }
}
