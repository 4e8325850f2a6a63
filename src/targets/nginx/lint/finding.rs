//! Findings of the linter.

use std::borrow::Cow;

use super::RepeatedValue;
use crate::error::{AnnotationError, ControllerPanic, Diagnostic, Excerpt, Severity};
use crate::targets::nginx::{AnnotationFinding, ObjectName, Refusal};

/// Something in a cluster that does not do what its owner probably thinks; [`lint`](super::lint()) has an example.
///
/// `Display` writes the object, the field and what happens at run time; [`advice`](Self::advice) says what to do.
///
/// With `serde` it is written as `{"object": "shop/next", "field": "spec", "kind": "sharedService", "locations": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LintFinding {
    /// The Ingress.
    pub object: ObjectName,
    /// The path of the field, or the name of the annotation without its prefix, escaped as an [`Excerpt`] is.
    pub field: String,
    /// What happens.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub kind: LintKind,
}

/// What happens at run time. A location is written `HOST/PATH`, or `HOST/PATH (Exact)` if its path type is `Exact`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase"))]
#[non_exhaustive]
pub enum LintKind {
    /// The controller does not store the Ingress.
    Refused {
        /// The reason.
        refusal: Refusal,
    },
    /// The controller crashes.
    Panic {
        /// The Ingress and its rule. With `serde` it is a text.
        #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
        panic: ControllerPanic,
    },
    /// A different Ingress of the same name was replaced by this one.
    Replaced,
    /// The Ingress has the annotations of a canary, but is an ordinary one.
    NotEnabled {
        /// The value of the annotation `canary`, if there is one.
        value: Option<String>,
    },
    /// Every Ingress of the cluster is a canary.
    NoStable,
    /// The canary Ingress names no Service.
    NoService,
    /// No stable Ingress has the host.
    NoHost {
        /// The host.
        host: String,
        /// A host that is written in a similar way.
        nearest: Option<String>,
        /// An Ingress that has the host, but that the controller does not read.
        unread: Option<ObjectName>,
    },
    /// No stable Ingress has the path with this path type.
    NoLocation {
        /// The location.
        location: String,
        /// The nearest location of the host.
        nearest: Option<String>,
        /// An Ingress that has the path, but that the controller does not read.
        unread: Option<ObjectName>,
        /// Whether the controller therefore deletes the canary, so that it gets no request on its other paths either.
        deletes: bool,
    },
    /// Another path of a canary Ingress with the same Service has no stable location, so that the controller deletes the canary's
    /// upstream.
    Deleted {
        /// The field of the other path and its Ingress, as in ``spec.rules[0].http.paths[1] of `shop/next` ``.
        by: String,
        /// Whether stable locations still name the canary.
        is_dangling: bool,
    },
    /// The canary's Service and port are those of a stable location.
    OwnService {
        /// The Service and port as the name of an upstream.
        upstream: String,
    },
    /// The stable Service has an earlier canary. The controller sends requests to the first canary of a stable Service only.
    NeverChosen {
        /// The upstream of the other canary.
        chosen: String,
    },
    /// The canary is in another namespace than the stable Ingress, from which the controller takes no canaries.
    OtherNamespace {
        /// The namespace of the stable Ingress.
        stable: String,
    },
    /// Another Ingress created the upstream of the canary, so that its policy is in force.
    OtherPolicy {
        /// The other Ingress.
        ingress: ObjectName,
        /// Whether the other Ingress is a canary. If not, no request ever goes to the canary.
        is_canary: bool,
    },
    /// The canary Ingress has a location of its own, because an ordinary Ingress created its upstream.
    ActsAsStable {
        /// The location.
        location: String,
    },
    /// A canary Ingress created the upstream of an ordinary one, which therefore gets no location.
    TakenByCanary {
        /// The canary Ingress.
        canary: ObjectName,
    },
    /// An earlier path of an ordinary Ingress has the location.
    PathTaken {
        /// The Ingress with the earlier path.
        by: Option<ObjectName>,
        /// The upstream that answers.
        upstream: String,
    },
    /// The canary gets requests on locations that its Ingress does not name, because they have the same stable Service.
    SharedService {
        /// The locations.
        locations: Vec<String>,
    },
    /// The default backend of a canary has no host and no path, to which the controller attaches canaries.
    DefaultBackendIgnored,
    /// The default backend of a canary merges into locations that have other paths.
    DefaultBackendMerges {
        /// The locations.
        locations: Vec<String>,
    },
    /// The default backend of a canary deleted a stable upstream.
    StableDeleted {
        /// The upstream.
        upstream: String,
        /// The canary Ingress.
        by: Option<ObjectName>,
    },
    /// The canary has no endpoints.
    CanaryWithoutEndpoints {
        /// The Service, `NAMESPACE/NAME:PORT`.
        service: String,
        /// Whether another canary can get the requests instead.
        gives_way: bool,
        /// Whether the Service is among those of the cluster. One that does not exist has no endpoints either.
        exists: bool,
    },
    /// The stable Service has no endpoints.
    StableWithoutEndpoints {
        /// The Service, `NAMESPACE/NAME:PORT`.
        service: String,
        /// Whether the Service is among those of the cluster.
        exists: bool,
    },
    /// The annotation `server-alias` names a host that an Ingress has, so the alias has no effect.
    AliasTaken {
        /// The host.
        host: String,
    },
    /// Clients with an affinity cookie of the stable Service never reach the canary, whatever header or cookie they send.
    AffinityBeforeRules {
        /// The name of the affinity cookie.
        cookie: String,
    },
    /// The canary has the affinity of another stable Service, so that clients are not pinned to it here.
    AffinityOfOther {
        /// The upstream of this stable Service.
        stable: String,
    },
    /// An annotation of the canary Ingress is ignored, and the stable Ingress has another value.
    IgnoredAnnotation {
        /// The stable Ingress, whose annotations hold for requests to the canary.
        stable: ObjectName,
    },
    /// The certificate of a canary Ingress is ignored, and no stable Ingress has one for the host.
    IgnoredCertificate {
        /// The host.
        host: String,
    },
    /// Stable Services without endpoints have the same default backend, and different canaries. It is a matter of chance whose
    /// canary gets requests.
    RandomDefaultBackend {
        /// The upstreams of the stable Services.
        upstreams: Vec<String>,
    },
    /// An annotation does not mean what it seems to mean.
    Annotation {
        /// The finding.
        finding: AnnotationFinding,
        /// The annotation that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The key of an annotation of canaries has another prefix.
    OtherPrefix {
        /// The whole key that the controller reads.
        expected: String,
    },
    /// No policy can hold the annotations, because other software would read them differently.
    NotPortable {
        /// The annotation, and why other software would read it differently. With `serde` it is a text.
        #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
        error: AnnotationError,
    },
    /// The controller gives up on a header value, because the pattern can match parts of it in too many ways. Such a request goes
    /// to the stable Service at once, whatever its cookies and the weight say.
    ///
    /// A policy reads the pattern in linear time, so it decides such a request by the pattern or by what comes next, and a proof
    /// of [`migrate::verify`](crate::migrate::verify) does not know that the controller gave up.
    ///
    /// PCRE gives up after ten million steps. Patterns are found in which the steps double with each repetition of a text, as in
    /// `^(a+)+$`, or in which they grow with a power of its length, as in `^.*.*x`. The value has at most 8,000 bytes, so that it
    /// fits into a header line. The search is limited, so a pattern without this finding can still be slow, above all if it
    /// matches most of the values that it is slow on.
    PatternBacktracks {
        /// A value on which the controller gives up.
        value: RepeatedValue,
    },
    /// The pattern is so large that the search for such a value was given up.
    PatternNotExamined,
    /// The canary has no weight and no rule.
    NeverDecides,
}

#[cfg(feature = "serde")]
fn as_text<S: serde::Serializer>(error: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

impl Diagnostic for LintFinding {
    fn code(&self) -> &'static str {
        match &self.kind {
            LintKind::Refused { refusal } => match refusal {
                Refusal::OtherClass { .. } => "other-class",
                Refusal::TooRisky { .. } => "too-risky",
                Refusal::InvalidAnnotation { .. } => "invalid-annotation",
                Refusal::Suspicious { .. } => "suspicious",
            },
            LintKind::Panic { panic } => panic.code(),
            LintKind::Replaced => "replaced",
            LintKind::NotEnabled { .. } => "not-enabled",
            LintKind::NoStable => "no-stable",
            LintKind::NoService => "no-service",
            LintKind::NoHost { .. } => "no-host",
            LintKind::NoLocation { .. } => "no-location",
            LintKind::Deleted { is_dangling: false, .. } => "canary-deleted",
            LintKind::Deleted { is_dangling: true, .. } => "canary-dangling",
            LintKind::OwnService { .. } => "own-service",
            LintKind::NeverChosen { .. } => "never-chosen",
            LintKind::OtherNamespace { .. } => "canary-in-other-namespace",
            LintKind::OtherPolicy { is_canary: true, .. } => "other-policy",
            LintKind::OtherPolicy { is_canary: false, .. } => "no-policy",
            LintKind::ActsAsStable { .. } => "acts-as-stable",
            LintKind::TakenByCanary { .. } => "taken-by-canary",
            LintKind::PathTaken { .. } => "path-taken",
            LintKind::SharedService { .. } => "shared-service",
            LintKind::DefaultBackendIgnored => "default-backend-ignored",
            LintKind::DefaultBackendMerges { .. } => "default-backend-merges",
            LintKind::StableDeleted { .. } => "stable-deleted",
            LintKind::CanaryWithoutEndpoints { .. } => "canary-without-endpoints",
            LintKind::StableWithoutEndpoints { .. } => "stable-without-endpoints",
            LintKind::AliasTaken { .. } => "alias-taken",
            LintKind::AffinityBeforeRules { .. } => "affinity-before-rules",
            LintKind::AffinityOfOther { .. } => "affinity-of-other",
            LintKind::IgnoredAnnotation { .. } => "ignored-annotation",
            LintKind::IgnoredCertificate { .. } => "ignored-certificate",
            LintKind::RandomDefaultBackend { .. } => "random-default-backend",
            LintKind::Annotation { finding, .. } => finding.code(),
            LintKind::OtherPrefix { .. } => "other-prefix",
            LintKind::NotPortable { .. } => "not-portable",
            LintKind::PatternBacktracks { .. } => "pattern-backtracks",
            LintKind::PatternNotExamined => "pattern-not-examined",
            LintKind::NeverDecides => "never-decides",
        }
    }

    fn severity(&self) -> Severity {
        match &self.kind {
            LintKind::Refused { .. }
            | LintKind::Panic { .. }
            | LintKind::NotEnabled { .. }
            | LintKind::NoStable
            | LintKind::NoService
            | LintKind::NoHost { .. }
            | LintKind::NoLocation { .. }
            | LintKind::Deleted { .. }
            | LintKind::OwnService { .. }
            | LintKind::NeverChosen { .. }
            | LintKind::OtherNamespace { .. }
            | LintKind::DefaultBackendIgnored
            | LintKind::OtherPolicy { is_canary: false, .. }
            | LintKind::ActsAsStable { .. }
            | LintKind::TakenByCanary { .. }
            | LintKind::StableDeleted { .. }
            | LintKind::StableWithoutEndpoints { .. }
            | LintKind::CanaryWithoutEndpoints { .. } => Severity::Error,
            LintKind::Replaced
            | LintKind::OtherPolicy { is_canary: true, .. }
            | LintKind::PathTaken { .. }
            | LintKind::SharedService { .. }
            | LintKind::DefaultBackendMerges { .. }
            | LintKind::AffinityBeforeRules { .. }
            | LintKind::AffinityOfOther { .. }
            | LintKind::IgnoredAnnotation { .. }
            | LintKind::IgnoredCertificate { .. }
            | LintKind::RandomDefaultBackend { .. }
            | LintKind::AliasTaken { .. }
            | LintKind::Annotation { .. }
            | LintKind::OtherPrefix { .. }
            | LintKind::NotPortable { .. }
            | LintKind::PatternBacktracks { .. }
            | LintKind::NeverDecides => Severity::Warning,
            LintKind::PatternNotExamined => Severity::Note,
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.field))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(Excerpt::whole(self.object.as_str()).to_string()))
    }
}
