//! What a finding says to people.

use std::fmt;

use super::effect::effect;
use super::{LintFinding, LintKind};
use crate::error::Excerpt;
use crate::targets::nginx::{AnnotationKind, ObjectName, Refusal};

/// `OBJECT: FIELD: ` and what happens at run time.
impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LintFinding { object, field, kind } = self;
        let message = effect(kind);
        // The messages of other findings begin with the field.
        let field = if message.starts_with(&format!("{field}: ")) { String::new() } else { format!("{field}: ") };
        f.write_str(Excerpt::whole(&format!("{object}: {field}{message}")).as_str())
    }
}

impl LintFinding {
    /// What to do about the finding.
    #[must_use]
    pub fn advice(&self) -> String {
        Excerpt::whole(&advice(&self.kind)).to_string()
    }
}

fn advice(kind: &LintKind) -> String {
    match kind {
        LintKind::Refused { refusal } => of_refusal(refusal),
        LintKind::NoHost { nearest, unread, .. } => of_host(nearest.as_deref(), unread.as_ref()),
        LintKind::NoLocation { nearest, unread, .. } => of_location(nearest.as_deref(), unread.as_ref()),
        LintKind::OtherNamespace { stable } => {
            format!("move the Ingress and the Service of the canary to the namespace `{stable}`")
        }
        LintKind::Annotation { nearest: Some(nearest), .. } => {
            format!("the nearest annotation that exists is `{nearest}`")
        }
        LintKind::Annotation { finding, nearest: None } => of_annotation(&finding.kind).to_owned(),
        LintKind::OtherPrefix { expected } => format!("write `{expected}` if the annotation is for this controller"),
        kind => of_kind(kind).to_owned(),
    }
}

/// What to do about a finding that needs no name.
const fn of_kind(kind: &LintKind) -> &'static str {
    match kind {
        LintKind::Panic { .. } => "add `http` to the rule, or remove the rule",
        LintKind::Replaced => "give each Ingress a name of its own, or apply them one after the other",
        LintKind::NotEnabled { .. } => "set `canary: \"true\"`, or remove the other annotations of canaries",
        LintKind::NoStable => "remove the annotation from the Ingress of the stable Service, or add such an Ingress",
        LintKind::NoService => "add a rule with the canary's Service, or remove the Ingress",
        LintKind::Deleted { .. } => "correct or remove the path without a stable location",
        LintKind::OwnService { .. } => "give the canary a Service of its own",
        LintKind::NeverChosen { .. } => "remove one of the canaries",
        LintKind::OtherPolicy { .. } | LintKind::ActsAsStable { .. } | LintKind::TakenByCanary { .. } => {
            "give the canary a Service that no other Ingress names"
        }
        LintKind::PathTaken { .. } => "remove one of the two paths",
        LintKind::SharedService { .. } => {
            "if the canary should not get these requests, give those locations a Service of their own"
        }
        LintKind::DefaultBackendIgnored | LintKind::DefaultBackendMerges { .. } => {
            "name the path `/` in a rule instead"
        }
        LintKind::StableDeleted { .. } => "remove the default backend of the canary",
        LintKind::CanaryWithoutEndpoints { exists: true, .. }
        | LintKind::StableWithoutEndpoints { exists: true, .. } => "check the Service, its port and its pods",
        LintKind::CanaryWithoutEndpoints { .. } | LintKind::StableWithoutEndpoints { .. } => {
            "add the Service to what is read, or correct its name"
        }
        LintKind::AliasTaken { .. } => "remove the alias, or the Ingress with this host",
        LintKind::AffinityBeforeRules { .. } => "have testers delete the cookie, or remove the affinity",
        LintKind::AffinityOfOther { .. } => {
            "give both stable Ingresses the same affinity, or give the canary a Service for each of them"
        }
        LintKind::IgnoredAnnotation { .. } => "remove the annotation, or put it on the stable Ingress",
        LintKind::IgnoredCertificate { .. } => "put the certificate on the stable Ingress",
        LintKind::RandomDefaultBackend { .. } => "give each stable Service a default backend of its own",
        LintKind::NotPortable { .. } => "write the value so that every engine reads it in the same way",
        LintKind::PatternBacktracks { .. } => {
            "repeat nothing that is repeated already: `^a+$` means the same as `^(a+)+$`; \
             and let no repetition begin with what the one before it can end with"
        }
        LintKind::PatternNotExamined => "write a smaller pattern",
        LintKind::NeverDecides => "set canary-weight, canary-by-header or canary-by-cookie",
        LintKind::Refused { .. }
        | LintKind::NoHost { .. }
        | LintKind::NoLocation { .. }
        | LintKind::OtherNamespace { .. }
        | LintKind::Annotation { .. }
        | LintKind::OtherPrefix { .. } => "",
    }
}

fn of_refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OtherClass { .. } => "give both Ingresses the same class".to_owned(),
        Refusal::TooRisky { risk, .. } => format!("remove the annotation, or set annotations-risk-level to {risk}"),
        Refusal::InvalidAnnotation { .. } | Refusal::Suspicious { .. } => "correct the value".to_owned(),
    }
}

/// What to do about a host without a stable Ingress. `unread` is an Ingress with the host that the controller does not read.
fn of_host(nearest: Option<&str>, unread: Option<&ObjectName>) -> String {
    match (unread, nearest) {
        (Some(unread), _) => format!(
            "check the class and the annotations of `{unread}`: it has the host, but the controller does not read it"
        ),
        (None, Some(nearest)) => format!("write the host as the stable Ingress does: `{nearest}`"),
        (None, None) => "add a stable Ingress for the host, or remove the rule".to_owned(),
    }
}

/// What to do about a path without a stable location. `unread` is an Ingress with the path that the controller does not read.
fn of_location(nearest: Option<&str>, unread: Option<&ObjectName>) -> String {
    match (unread, nearest) {
        (Some(unread), _) => format!(
            "check the class and the annotations of `{unread}`: it has the path, but the controller does not read it"
        ),
        (None, Some(nearest)) => {
            format!("write host, path and path type as the stable Ingress does: `{nearest}` is the nearest")
        }
        (None, None) => "add the path to a stable Ingress, or remove it here".to_owned(),
    }
}

/// What to do about an annotation that does not mean what it seems to mean.
const fn of_annotation(kind: &AnnotationKind) -> &'static str {
    match kind {
        AnnotationKind::InvalidValue { .. } => "correct the value",
        AnnotationKind::Trimmed { .. } => "remove the white space",
        AnnotationKind::WeightBelowZero { .. } | AnnotationKind::WeightAboveTotal { .. } => {
            "set a weight from 0 to the total"
        }
        AnnotationKind::TotalIgnored { .. } => "set a total of at least 100, and a weight in the same proportion",
        AnnotationKind::AgeBelowZero { .. } => "set an age of at least 0",
        AnnotationKind::ExpiresIgnored { .. } => "remove session-cookie-expires or session-cookie-max-age",
        AnnotationKind::PatternIgnored { .. } => "remove the value or the pattern",
        AnnotationKind::NoHeaderName { .. } => "set canary-by-header too",
        AnnotationKind::HeaderUnderscore { .. } | AnnotationKind::HeaderNeverSeen { .. } => {
            "name the header with letters, digits and -"
        }
        AnnotationKind::UnknownAnnotation => "remove the annotation",
        AnnotationKind::WrongIngress => "move the annotation to the other Ingress",
        AnnotationKind::NoAffinity => "set `affinity: cookie` too, or remove the annotation",
        AnnotationKind::IgnoredBeside { .. } => "put it on an Ingress of its own",
        AnnotationKind::CookieAsText { .. } => "set the cookie exactly as the annotation writes its name",
        AnnotationKind::NotKnown { .. } => "try the annotation on the controller",
        AnnotationKind::OutsidePolicy { .. } => "remove the annotation if it is not meant",
    }
}
