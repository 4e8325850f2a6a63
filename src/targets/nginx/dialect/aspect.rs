//! The aspects in which dialects differ, and that change a policy or which canary is in force.

use super::Dialect;

/// A field of a [`Dialect`] that changes the policy of a canary, or which canary gets requests.
///
/// ```
/// use canary_policy::targets::nginx::{Aspect, Dialect, TotalRule};
///
/// let mixed = Aspect::Total.of(&Dialect::HIGRESS, &Dialect::INGRESS_NGINX);
/// assert_eq!((mixed.total, mixed.words), (TotalRule::AsGiven, Dialect::INGRESS_NGINX.words));
/// assert_eq!(Aspect::Total.of(&Dialect::TRAEFIK, &Dialect::INGRESS_NGINX), Dialect::INGRESS_NGINX);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// [`Dialect::checks_values`].
    Checks,
    /// [`Dialect::bools`].
    Bools,
    /// [`Dialect::total`].
    Total,
    /// [`Dialect::words`].
    Words,
    /// [`Dialect::header_value`].
    HeaderValue,
    /// [`Dialect::header_pattern`].
    HeaderPattern,
    /// [`Dialect::cookie_value`].
    CookieValue,
    /// [`Dialect::combination`].
    Combination,
    /// [`Dialect::affinity`].
    Affinity,
    /// [`Dialect::attachment`].
    Attachment,
    /// [`Dialect::several_canaries`].
    SeveralCanaries,
    /// [`Dialect::other_namespaces`].
    OtherNamespaces,
    /// [`Dialect::deletes_unmatched`].
    DeletesUnmatched,
    /// [`Dialect::skips_without_endpoints`].
    SkipsWithoutEndpoints,
}

impl Aspect {
    /// All aspects.
    pub const ALL: [Aspect; 14] = [
        Aspect::Checks,
        Aspect::Bools,
        Aspect::Total,
        Aspect::Words,
        Aspect::HeaderValue,
        Aspect::HeaderPattern,
        Aspect::CookieValue,
        Aspect::Combination,
        Aspect::Affinity,
        Aspect::Attachment,
        Aspect::SeveralCanaries,
        Aspect::OtherNamespaces,
        Aspect::DeletesUnmatched,
        Aspect::SkipsWithoutEndpoints,
    ];

    /// What a controller of the dialect does in this aspect, in a sentence without a full stop.
    ///
    /// ```
    /// use canary_policy::targets::nginx::{Aspect, Dialect};
    ///
    /// assert_eq!(Aspect::Words.describe(&Dialect::HIGRESS), "only `always` decides");
    /// ```
    #[must_use]
    pub fn describe(self, dialect: &Dialect) -> String {
        let either = |is_so: bool, so: &str, not: &str| if is_so { so.to_owned() } else { not.to_owned() };
        match self {
            Aspect::Checks => either(
                dialect.checks_values,
                "a value with an unusual character is dropped",
                "every character of a value is accepted",
            ),
            Aspect::Bools => dialect.bools.to_string(),
            Aspect::Total => dialect.total.to_string(),
            Aspect::Words => dialect.words.to_string(),
            Aspect::HeaderValue => dialect.header_value.to_string(),
            Aspect::HeaderPattern => dialect.header_pattern.to_string(),
            Aspect::CookieValue => match dialect.cookie_value {
                Some(rule) => rule.to_string(),
                None => "the annotation has no meaning".to_owned(),
            },
            Aspect::Combination => dialect.combination.to_string(),
            Aspect::Affinity => dialect.affinity.to_string(),
            Aspect::Attachment => dialect.attachment.to_string(),
            Aspect::SeveralCanaries => either(
                dialect.several_canaries,
                "every canary of a stable Service gets requests",
                "only the first canary of a stable Service gets requests",
            ),
            Aspect::OtherNamespaces => either(
                dialect.other_namespaces,
                "a canary may be in another namespace than its stable Ingress",
                "a canary is in the namespace of its stable Ingress",
            ),
            Aspect::DeletesUnmatched => either(
                dialect.deletes_unmatched,
                "a path without a stable location removes the canary everywhere",
                "a path without a stable location has no effect on the other paths",
            ),
            Aspect::SkipsWithoutEndpoints => either(
                dialect.skips_without_endpoints,
                "a canary without endpoints gives way to the next one",
                "a canary without endpoints leaves every request to stable",
            ),
        }
    }

    /// The dialect `base`, with this aspect of `other`.
    #[must_use]
    pub fn of(self, other: &Dialect, base: &Dialect) -> Dialect {
        let mut mixed = *base;
        match self {
            Aspect::Checks => mixed.checks_values = other.checks_values,
            Aspect::Bools => mixed.bools = other.bools,
            Aspect::Total => mixed.total = other.total,
            Aspect::Words => mixed.words = other.words,
            Aspect::HeaderValue => mixed.header_value = other.header_value,
            Aspect::HeaderPattern => mixed.header_pattern = other.header_pattern,
            Aspect::CookieValue => mixed.cookie_value = other.cookie_value,
            Aspect::Combination => mixed.combination = other.combination,
            Aspect::Affinity => mixed.affinity = other.affinity,
            Aspect::Attachment => mixed.attachment = other.attachment,
            Aspect::SeveralCanaries => mixed.several_canaries = other.several_canaries,
            Aspect::OtherNamespaces => mixed.other_namespaces = other.other_namespaces,
            Aspect::DeletesUnmatched => mixed.deletes_unmatched = other.deletes_unmatched,
            Aspect::SkipsWithoutEndpoints => mixed.skips_without_endpoints = other.skips_without_endpoints,
        }
        mixed
    }
}
