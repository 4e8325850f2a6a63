//! What changes when another controller reads the Ingresses of a cluster.

use std::borrow::Cow;
use std::fmt;

use crate::compare::Comparison;
use crate::error::{Diagnostic, Excerpt, Severity};
use crate::targets::nginx::{Aspect, Attachment, CookieReading, Dialect, ObjectName};

/// Something that changes for the canaries of an Ingress when another controller reads it; [`changes_on`](super::changes_on()) has
/// an example.
///
/// `Display` writes the object, the annotation or field, and what happens there and here; [`advice`](Self::advice) says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DialectFinding {
    /// The controller that reads the Ingress now.
    pub here: Dialect,
    /// The controller that will read the Ingress.
    pub there: Dialect,
    /// The Ingress.
    pub object: ObjectName,
    /// The annotation without its prefix, or the field, that is read in another way.
    pub field: &'static str,
    /// The locations that change, as `HOST/PATH`; empty if it is the Ingress as a whole.
    pub locations: Vec<String>,
    /// What changes.
    pub kind: DialectKind,
}

/// What changes when another controller reads an Ingress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialectKind {
    /// The canary Ingress is an ordinary one there, because its annotations have another prefix, or because the value of `canary`
    /// is not true there.
    NotCanary,
    /// The ordinary Ingress is a canary there, because it has the annotations with the prefix of the controller too, or because
    /// the value of `canary` is true there.
    BecomesCanary,
    /// The policies differ.
    Policy {
        /// The aspect in which the controllers differ; `None` if the policies differ only because of several aspects together.
        aspect: Option<Aspect>,
        /// A request that is decided differently, or why none was found; `None` if no policy can hold one of the two.
        comparison: Option<Comparison>,
    },
    /// Other canaries get requests.
    Canaries {
        /// The aspect in which the controllers differ; `None` if several aspects lead to it together.
        aspect: Option<Aspect>,
        /// Whether the canary of the object gets requests there and not here; if not, it gets requests here and not there.
        gains: bool,
        /// The canaries that get requests here, with their weights and rules, in words.
        here: String,
        /// The canaries that get requests there, in words.
        there: String,
    },
    /// The cookie of a rule is found in other requests, which no policy can say.
    CookieReading {
        /// A Cookie line in which the rule finds its cookie here and not there.
        example: String,
    },
    /// A rule on a path decides before a longer path does.
    OutranksPaths {
        /// The longer paths, as `HOST/PATH`.
        longer: Vec<String>,
    },
    /// The canary is on an exact path, and a prefix can decide before it.
    Outranked {
        /// The prefixes, as `HOST/PATH`.
        by: Vec<String>,
    },
    /// The canary is on a prefix that can decide before an exact path.
    OutranksExact {
        /// The exact paths, as `HOST/PATH`.
        exact: Vec<String>,
    },
    /// Several ordinary Ingresses have the path, and it is not fixed which of them answers.
    Unordered {
        /// The Ingresses.
        ingresses: Vec<ObjectName>,
    },
    /// The Ingress has a location here, and none there.
    NoLocation,
    /// It is not known what the controller does with the annotation.
    NotKnown,
    /// The controller reads the annotation, no policy can say what it does, and it has no meaning here.
    OutsidePolicy,
}

impl DialectFinding {
    /// What to do about the finding.
    #[must_use]
    pub fn advice(&self) -> String {
        let advice = match &self.kind {
            DialectKind::NotCanary if self.is_of_value() => "write `true`".to_owned(),
            DialectKind::BecomesCanary if self.is_of_value() => "write `true` or `false`".to_owned(),
            DialectKind::NotCanary => format!("write the annotations with the prefix `{}`", self.there.prefix),
            DialectKind::BecomesCanary => "remove the annotations that this controller should not read".to_owned(),
            DialectKind::Policy { aspect: Some(Aspect::Attachment), .. }
            | DialectKind::Canaries { aspect: Some(Aspect::Attachment), .. }
                if self.there.attachment == Attachment::LastPath =>
            {
                "give the canaries of a Service the same hosts and paths, or a stable Service each".to_owned()
            }
            DialectKind::Policy { aspect: Some(aspect), .. } | DialectKind::Canaries { aspect: Some(aspect), .. } => {
                of_aspect(*aspect).to_owned()
            }
            DialectKind::Policy { aspect: None, .. } | DialectKind::Canaries { aspect: None, .. } => {
                "compare the two policies, and change the annotations until they are alike".to_owned()
            }
            DialectKind::CookieReading { .. } => "set the cookie exactly as the annotation writes its name".to_owned(),
            DialectKind::OutranksPaths { .. } => {
                "give the longer paths to the canary Ingress too, or use a weight instead of a rule".to_owned()
            }
            DialectKind::Outranked { .. } | DialectKind::OutranksExact { .. } => {
                "write the exact path as a prefix, if no path below it exists".to_owned()
            }
            DialectKind::Unordered { .. } => "leave the path in one ordinary Ingress only".to_owned(),
            DialectKind::NoLocation => "give the path to an ordinary Ingress".to_owned(),
            DialectKind::NotKnown => "try it before the move".to_owned(),
            DialectKind::OutsidePolicy => "remove the annotation if it is not meant".to_owned(),
        };
        Excerpt::whole(&advice).to_string()
    }
}

/// What to do about a difference in this aspect.
const fn of_aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Checks => "write the value with letters, digits and -._~/: only",
        Aspect::Bools => "write `true` or `false`",
        Aspect::Total => "set a total of at least 100, and a weight in the same proportion",
        Aspect::Words => "make sure that no client relies on `never`",
        Aspect::HeaderValue => {
            "write the value as a pattern that both read alike, or choose one without special characters"
        }
        Aspect::HeaderPattern => "write the pattern in a group, as in `(a|b)`, or give the value itself",
        Aspect::CookieValue => "use a header rule with a value instead",
        Aspect::Combination => "put the rule and the weight on two Ingresses",
        Aspect::Affinity => "expect every client to be drawn anew once, and rules to decide before the cookie",
        Aspect::Attachment => "name every host and path of the canary in its Ingress",
        Aspect::SeveralCanaries => "remove the canaries that should get no requests",
        Aspect::OtherNamespaces => "move the canary Ingress to the namespace of the stable one",
        Aspect::DeletesUnmatched => "remove the path without a stable location, so that both controllers do the same",
        Aspect::SkipsWithoutEndpoints => "remove the canary without endpoints",
    }
}

impl Diagnostic for DialectFinding {
    fn code(&self) -> &'static str {
        match &self.kind {
            DialectKind::NotCanary => "not-canary-there",
            DialectKind::BecomesCanary => "canary-there",
            DialectKind::Policy { aspect: Some(aspect), .. } | DialectKind::Canaries { aspect: Some(aspect), .. } => {
                match aspect {
                    Aspect::Checks => "other-checks",
                    Aspect::Bools => "other-bools",
                    Aspect::Total => "other-total",
                    Aspect::Words => "other-words",
                    Aspect::HeaderValue => "other-header-value",
                    Aspect::HeaderPattern => "other-header-pattern",
                    Aspect::CookieValue => "other-cookie-value",
                    Aspect::Combination => "other-combination",
                    Aspect::Affinity => "other-affinity",
                    Aspect::Attachment => "other-attachment",
                    Aspect::SeveralCanaries => "several-canaries",
                    Aspect::OtherNamespaces => "other-namespace",
                    Aspect::DeletesUnmatched => "not-deleted",
                    Aspect::SkipsWithoutEndpoints => "next-canary",
                }
            }
            DialectKind::Policy { aspect: None, .. } => "other-policy-there",
            DialectKind::Canaries { aspect: None, .. } => "other-canaries",
            DialectKind::CookieReading { .. } => "cookie-as-text",
            DialectKind::OutranksPaths { .. } => "outranks-paths",
            DialectKind::Outranked { .. } => "outranked",
            DialectKind::OutranksExact { .. } => "outranks-exact",
            DialectKind::Unordered { .. } => "unordered-ingresses",
            DialectKind::NoLocation => "no-location-there",
            DialectKind::NotKnown => "not-known",
            DialectKind::OutsidePolicy => "outside-policy",
        }
    }

    fn severity(&self) -> Severity {
        match self.kind {
            DialectKind::NotCanary
            | DialectKind::BecomesCanary
            | DialectKind::Canaries { .. }
            | DialectKind::Outranked { .. }
            | DialectKind::OutranksExact { .. }
            | DialectKind::Unordered { .. }
            | DialectKind::NoLocation => Severity::Error,
            DialectKind::Policy { .. }
            | DialectKind::CookieReading { .. }
            | DialectKind::OutranksPaths { .. }
            | DialectKind::NotKnown
            | DialectKind::OutsidePolicy => Severity::Warning,
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.field))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(Excerpt::whole(self.object.as_str()).to_string()))
    }
}

/// `OBJECT: FIELD: ` and what happens here and there.
impl fmt::Display for DialectFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DialectFinding { here: _, there: _, object, field, locations, kind: _ } = self;
        let places = match locations.as_slice() {
            [] => String::new(),
            [one] => format!(" (`{one}`)"),
            [one, others @ ..] => format!(" (`{one}` and {} more)", others.len()),
        };
        f.write_str(Excerpt::whole(&format!("{object}: {field}: {}{places}", self.effect())).as_str())
    }
}

impl DialectFinding {
    /// What happens here and there.
    fn effect(&self) -> String {
        let there = self.there.name;
        match &self.kind {
            DialectKind::NotCanary if self.is_of_value() => {
                format!("in {there}, {}, so the Ingress is an ordinary one there", self.there.bools)
            }
            DialectKind::NotCanary => {
                format!("{there} does not read the prefix of the annotations, so the Ingress is an ordinary one there")
            }
            DialectKind::BecomesCanary if self.is_of_value() => {
                format!("in {there}, {}, so the Ingress is a canary there", self.there.bools)
            }
            DialectKind::BecomesCanary => {
                format!("{there} reads annotations that have no meaning here, so the Ingress is a canary there")
            }
            DialectKind::Policy { aspect, comparison } => {
                let why = self.difference(*aspect);
                match comparison {
                    Some(comparison) => format!("{why}: {comparison}"),
                    None => format!("{why}, and no policy can hold one of the two"),
                }
            }
            DialectKind::Canaries { aspect, gains, here, there: of_there } => {
                let gets =
                    if *gains { "gets requests there and none here" } else { "gets requests here and none there" };
                let why = self.difference(*aspect);
                format!("{why}, so this canary {gets} (canaries here: {here}; there: {of_there})")
            }
            DialectKind::CookieReading { example } => {
                let place = match self.there.cookie_reading {
                    CookieReading::Text => "here and not there",
                    CookieReading::Nginx => "there and not here",
                };
                format!("{there} looks for the cookie in another way: `cookie: {example}` decides {place}")
            }
            DialectKind::OutranksPaths { longer } => {
                format!("in {there}, a request that a rule matches may not reach {}", listed(longer))
            }
            DialectKind::Outranked { by } => {
                format!(
                    "in {there}, the longest rule decides, and that of this exact path is not longer than that of {}",
                    listed(by)
                )
            }
            DialectKind::OutranksExact { exact } => {
                let exact = listed(exact);
                format!(
                    "in {there}, the longest rule decides, so this path can take the requests of exact paths: {exact}"
                )
            }
            DialectKind::Unordered { ingresses } => {
                format!("in {there}, it is not fixed which Ingress answers on this path: {}", listed(ingresses))
            }
            DialectKind::NoLocation => {
                format!("here, the Ingress answers on this path although it is a canary, and in {there}, it does not")
            }
            DialectKind::NotKnown => format!("it is not known what {there} does with the annotation"),
            DialectKind::OutsidePolicy => {
                format!("{there} reads the annotation, which has no meaning here and which no policy can express")
            }
        }
    }

    /// Whether the value of an annotation is read in another way, and not its prefix.
    fn is_of_value(&self) -> bool {
        (self.here.prefix, self.here.further_prefix) == (self.there.prefix, self.there.further_prefix)
    }

    /// What the two controllers do in this aspect.
    fn difference(&self, aspect: Option<Aspect>) -> String {
        let there = self.there.name;
        match aspect {
            Some(aspect) => {
                format!("here, {}, and in {there}, {}", aspect.describe(&self.here), aspect.describe(&self.there))
            }
            None => format!("{there} differs in several ways, which have an effect together"),
        }
    }
}

fn listed(all: &[impl fmt::Display]) -> String {
    all.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")
}
