//! The parts of a route that not every implementation of the Gateway API supports.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::objects::MODIFIER;
use super::{Filter, GrpcMatch, HeaderMatch, HttpMatch, Implementation, Proxy, Rule, Spec, Support};
use crate::error::{Diagnostic, Severity};

/// A part of a route that not every implementation of the Gateway API supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Feature {
    /// A `ResponseHeaderModifier` on a rule.
    RuleFilter,
    /// A `ResponseHeaderModifier` on a backend of a rule.
    BackendFilter,
    /// A `RegularExpression` on a header.
    RegularExpression,
}

impl Feature {
    /// All features.
    pub const ALL: [Feature; 3] = [Feature::RuleFilter, Feature::BackendFilter, Feature::RegularExpression];
}

impl Spec<HttpMatch> {
    /// The features that the route needs.
    #[must_use]
    pub fn features(&self) -> BTreeSet<Feature> {
        features(&self.rules, |one| &one.headers)
    }
}

impl Spec<GrpcMatch> {
    /// The features that the route needs.
    #[must_use]
    pub fn features(&self) -> BTreeSet<Feature> {
        features(&self.rules, |one| &one.headers)
    }
}

fn features<M>(rules: &[Rule<M>], headers: fn(&M) -> &Vec<HeaderMatch>) -> BTreeSet<Feature> {
    let changes_responses = |filters: &[Filter]| filters.iter().any(|filter| filter.kind == MODIFIER);
    let needs = |feature: &Feature| match feature {
        Feature::RuleFilter => rules.iter().any(|rule| changes_responses(&rule.filters)),
        Feature::BackendFilter => {
            rules.iter().flat_map(|rule| &rule.backend_refs).any(|backend| changes_responses(&backend.filters))
        }
        Feature::RegularExpression => rules
            .iter()
            .flat_map(|rule| &rule.matches)
            .any(|one| headers(one).iter().any(|header| header.kind == "RegularExpression")),
    };
    Feature::ALL.into_iter().filter(needs).collect()
}

/// A part of a route that the implementation may not support, or that not every implementation supports if none is given.
///
/// It is no loss: the route says what the policy says. [`RouteParams::notes`](super::RouteParams::notes) returns the notes.
///
/// ```
/// use canary_policy::targets::gateway::{self, Feature, RouteParams};
/// use canary_policy::{Affinity, CookieAffinity, Policy, Route};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_parents(["public".parse()?])?;
/// let notes_for = |params: &RouteParams| -> Result<_, Box<dyn std::error::Error>> {
///     let routes = gateway::http_routes(&policy, &route, params)?.output;
///     Ok(params.notes(routes.iter().flat_map(|route| route.spec.features())))
/// };
/// let notes = notes_for(&RouteParams::default())?;
/// assert!(notes.iter().map(|note| note.feature).eq([Feature::BackendFilter, Feature::RegularExpression]));
/// assert_eq!(
///     notes[1].to_string(),
///     "the Gateway API leaves the meaning of `RegularExpression` to the implementation: \
///      the regular expressions are written for RE2 and for whole values",
/// );
///
/// // An implementation without the feature has no note, but a loss.
/// let fabric = RouteParams::default().with_implementation("nginx-gateway-fabric".parse()?);
/// assert_eq!(notes_for(&fabric)?, []);
/// assert!(gateway::http_routes(&policy, &route, &fabric)?.exact().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FeatureNote {
    /// The feature that the route needs.
    pub feature: Feature,
    /// The implementation; `None` if none is given.
    pub implementation: Option<Implementation>,
}

impl FeatureNote {
    /// The note about a feature, unless the implementation is known to support it.
    pub(super) fn new(feature: Feature, implementation: Option<Implementation>) -> Option<Self> {
        let is_sure = implementation.is_some_and(|implementation| match feature {
            // The conformance tests look at requests, and the route changes responses.
            Feature::BackendFilter => false,
            Feature::RuleFilter | Feature::RegularExpression => implementation.support(feature) == Support::Yes,
        });
        (!is_sure).then_some(FeatureNote { feature, implementation })
    }
}

impl Diagnostic for FeatureNote {
    fn code(&self) -> &'static str {
        match self.feature {
            Feature::RuleFilter => "rule-filter",
            Feature::BackendFilter => "backend-filter",
            Feature::RegularExpression => "regular-expression",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Note
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(match self.feature {
            Feature::RuleFilter => "spec.rules[].filters",
            Feature::BackendFilter => "spec.rules[].backendRefs[].filters",
            Feature::RegularExpression => "spec.rules[].matches[].headers",
        }))
    }
}

impl fmt::Display for FeatureNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FeatureNote { feature, implementation } = self;
        let place = match feature {
            Feature::RuleFilter => "a rule",
            Feature::BackendFilter => "a backendRef",
            Feature::RegularExpression => return regular_expression(*implementation, f),
        };
        let filter = format!("a ResponseHeaderModifier on {place} sets the affinity cookie");
        match implementation {
            None => {
                let without = |one: &Implementation| one.support(*feature) == Support::No;
                let names: Vec<&str> =
                    Implementation::ALL.iter().filter(|one| without(one)).map(|one| one.name).collect();
                write!(f, "{filter}, which is not supported by {}", names.join(", "))
            }
            Some(one) if one.support(*feature) == Support::Yes => write!(
                f,
                "{filter}, and {one} says only that it changes the headers of requests there: look for `Set-Cookie` in a response"
            ),
            Some(one) => write!(f, "{filter}, and {one} does not say whether it supports that"),
        }
    }
}

fn regular_expression(implementation: Option<Implementation>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const WRITTEN: &str = "the regular expressions are written for RE2 and for whole values";
    match implementation {
        Some(one) if one.proxy == Proxy::Other => {
            write!(f, "{one} reads `RegularExpression` with an engine of its own, and {WRITTEN}")
        }
        Some(_) | None => {
            write!(f, "the Gateway API leaves the meaning of `RegularExpression` to the implementation: {WRITTEN}")
        }
    }
}
