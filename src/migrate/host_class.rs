//! Classes of hosts.

use std::fmt;

use crate::route::Host;

/// A class of hosts, all of which one virtual host answers before and one after; [`verify`](super::verify) has an example.
///
/// Every host belongs to one class: its own if it is named, or else that of the longest wildcard above it, or else `Other`. The
/// hosts of a wildcard are two classes, because a `*` stands for one label on ingress-nginx, and for one or more labels on most
/// targets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum HostClass {
    /// The host that is named.
    Named(Host),
    /// The hosts with one label instead of the `*` of this wildcard.
    OneLabel(Host),
    /// The hosts with two or more labels instead of the `*` of this wildcard.
    MoreLabels(Host),
    /// Every other host.
    Other,
}

impl HostClass {
    /// The host or the wildcard of the class.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        match self {
            HostClass::Named(host) | HostClass::OneLabel(host) | HostClass::MoreLabels(host) => Some(host),
            HostClass::Other => None,
        }
    }

    /// A host of this class, if `label` is a label that no host of the lists has.
    pub(super) fn example(&self, label: &str) -> String {
        let below = |wildcard: &Host, labels: &str| format!("{labels}{}", wildcard.as_str().trim_start_matches('*'));
        match self {
            HostClass::Named(host) => host.as_str().to_owned(),
            HostClass::OneLabel(wildcard) => below(wildcard, label),
            HostClass::MoreLabels(wildcard) => below(wildcard, &format!("{label}.{label}")),
            HostClass::Other => label.to_owned(),
        }
    }
}

impl fmt::Display for HostClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostClass::Named(host) | HostClass::OneLabel(host) => host.fmt(f),
            HostClass::MoreLabels(wildcard) => {
                write!(f, "hosts with two or more labels before {}", wildcard.as_str().trim_start_matches('*'))
            }
            HostClass::Other => f.write_str("every other host"),
        }
    }
}
