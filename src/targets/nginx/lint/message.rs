//! What a finding says to people.

use std::fmt;

use super::{LintFinding, LintKind};
use crate::error::{Diagnostic, Excerpt};
use crate::targets::nginx::{ObjectName, Refusal};

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

/// What happens at run time.
#[expect(clippy::too_many_lines, reason = "a table with a sentence for each kind")]
pub(super) fn effect(kind: &LintKind) -> String {
    const NO_REQUEST: &str = "so the canary gets no request";
    match kind {
        LintKind::Refused { refusal } => refused(refusal),
        LintKind::Panic { .. } => {
            "the controller crashes whenever it reads the Ingresses, because a canary has a rule without http"
                .to_owned()
        }
        LintKind::Replaced => "several different Ingresses have this name, and only the last one counts".to_owned(),
        LintKind::NotEnabled { value: None } => {
            "the Ingress has the annotations of a canary, but is an ordinary one, because `canary` is missing"
                .to_owned()
        }
        LintKind::NotEnabled { value: Some(value) } => {
            format!(
                "the Ingress has the annotations of a canary, but is an ordinary one, because `canary` is `{value}`"
            )
        }
        LintKind::NoStable => {
            "every Ingress of the controller is a canary, so requests for its hosts are not answered".to_owned()
        }
        LintKind::NoService => "the canary names no Service, so it gets no request".to_owned(),
        LintKind::NoHost { host, .. } => format!("no stable Ingress has the host `{host}`, {NO_REQUEST} for it"),
        LintKind::NoLocation { location, .. } => {
            format!("the host has no stable location `{location}`, {NO_REQUEST}, not even on its other paths")
        }
        LintKind::Deleted { by, is_dangling: false } => {
            format!("{by} has no stable location, {NO_REQUEST} here either")
        }
        LintKind::Deleted { by, is_dangling: true } => {
            format!(
                "{by} has no stable location, {NO_REQUEST} here either, and other canaries of the stable Service get none too"
            )
        }
        LintKind::OwnService { upstream } => {
            format!("`{upstream}` is a stable Service of the host, so the canary has no effect here")
        }
        LintKind::NeverChosen { chosen } => {
            format!(
                "only one canary of a stable Service gets requests, which is `{chosen}` here, so this canary gets none"
            )
        }
        LintKind::OtherPolicy { ingress, is_canary: true } => {
            format!(
                "the older Ingress `{ingress}` has the same Service, and its annotations are in force instead of these"
            )
        }
        LintKind::OtherPolicy { ingress, is_canary: false } => {
            format!(
                "the ordinary Ingress `{ingress}` has the same Service, so these annotations have no effect and the canary gets no request"
            )
        }
        LintKind::ActsAsStable { location } => {
            format!("the canary gets every request to `{location}`, because an ordinary Ingress has the same Service")
        }
        LintKind::TakenByCanary { canary } => {
            format!(
                "the path gets no location, because the canary Ingress `{canary}` has the same Service, and is older or has this Service as its default backend"
            )
        }
        LintKind::PathTaken { by, upstream } => {
            format!("{} has the path, so `{upstream}` answers", ingress(by.as_ref()))
        }
        LintKind::SharedService { locations } => {
            format!("the canary also gets requests to {}, which have the same stable Service", list(locations))
        }
        LintKind::DefaultBackendMerges { locations } => {
            format!(
                "the default backend of a canary has no path, so the canary also gets requests to {}",
                list(locations)
            )
        }
        LintKind::StableDeleted { upstream, by } => format!(
            "the default backend of {} deletes the stable Service `{upstream}`, so requests fail",
            ingress(by.as_ref())
        ),
        LintKind::CanaryWithoutEndpoints { service } => {
            format!("`{service}` has no endpoints, so every request goes to the stable Service")
        }
        LintKind::StableWithoutEndpoints { service } => {
            format!(
                "the stable Service `{service}` has no endpoints, so every request fails, including those for the canary"
            )
        }
        LintKind::AffinityBeforeRules { cookie } => {
            format!(
                "clients with the cookie `{cookie}` of the stable Service never reach the canary, whatever header or cookie they send"
            )
        }
        LintKind::AffinityOfOther { stable } => {
            format!(
                "the canary has the affinity of another stable Service, so no client of `{stable}` stays with the canary"
            )
        }
        LintKind::IgnoredAnnotation { stable } => {
            format!(
                "the annotation is ignored on a canary: requests to the canary get the annotations of `{stable}`, which differ"
            )
        }
        LintKind::IgnoredCertificate { host } => {
            format!("the certificate of a canary is ignored, so `{host}` has the default certificate of the controller")
        }
        LintKind::RandomDefaultBackend { upstreams } => {
            format!(
                "{} have this default backend but different canaries, and chance decides whose canary gets requests",
                list(upstreams)
            )
        }
        LintKind::Annotation { finding, .. } => finding.to_string(),
        LintKind::OtherPrefix { expected } => {
            format!("the controller does not read this annotation; it reads `{expected}`")
        }
        LintKind::NotPortable { error } => format!("{error}"),
        LintKind::NeverDecides => "the canary has no weight and no rule, so it gets no request".to_owned(),
    }
}

fn refused(refusal: &Refusal) -> String {
    const NOT_READ: &str = "so it does not read the Ingress";
    match refusal {
        Refusal::OtherClass { class } => {
            format!("the class `{class}` belongs to another controller, so this one does not read the Ingress")
        }
        Refusal::TooRisky { risk, .. } => {
            format!("the annotation is riskier ({risk}) than the controller accepts, {NOT_READ}")
        }
        Refusal::InvalidAnnotation { .. } => format!("the controller refuses the value, {NOT_READ}"),
        Refusal::Suspicious { text } => {
            format!("the controller takes `{}` for an attack, {NOT_READ}", Excerpt::of(text))
        }
    }
}

fn advice(kind: &LintKind) -> String {
    match kind {
        LintKind::Refused { refusal: Refusal::OtherClass { .. } } => "give both Ingresses the same class".to_owned(),
        LintKind::Refused { refusal: Refusal::TooRisky { risk, .. } } => {
            format!("remove the annotation, or set annotations-risk-level to {risk}")
        }
        LintKind::Refused { refusal: Refusal::InvalidAnnotation { .. } | Refusal::Suspicious { .. } } => {
            "correct the value".to_owned()
        }
        LintKind::Panic { .. } => "add `http` to the rule, or remove the rule".to_owned(),
        LintKind::Replaced => "give each Ingress a name of its own, or apply them one after the other".to_owned(),
        LintKind::NotEnabled { .. } => "set `canary: \"true\"`, or remove the other annotations of canaries".to_owned(),
        LintKind::NoStable => {
            "remove the annotation from the Ingress of the stable Service, or add such an Ingress".to_owned()
        }
        LintKind::NoService => "add a rule with the canary's Service, or remove the Ingress".to_owned(),
        LintKind::NoHost { unread: Some(unread), .. } => {
            format!(
                "check the class and the annotations of `{unread}`: it has the host, but the controller does not read it"
            )
        }
        LintKind::NoHost { nearest: Some(nearest), .. } => {
            format!("write the host as the stable Ingress does: `{nearest}`")
        }
        LintKind::NoHost { nearest: None, .. } => "add a stable Ingress for the host, or remove the rule".to_owned(),
        LintKind::NoLocation { nearest: Some(nearest), .. } => {
            format!("write host, path and path type as the stable Ingress does: `{nearest}` is the nearest")
        }
        LintKind::NoLocation { nearest: None, .. } => "add the path to a stable Ingress, or remove it here".to_owned(),
        LintKind::Deleted { .. } => "correct or remove the path without a stable location".to_owned(),
        LintKind::OwnService { .. } => "give the canary a Service of its own".to_owned(),
        LintKind::NeverChosen { .. } => "remove one of the canaries".to_owned(),
        LintKind::OtherPolicy { .. } | LintKind::ActsAsStable { .. } | LintKind::TakenByCanary { .. } => {
            "give the canary a Service that no other Ingress names".to_owned()
        }
        LintKind::PathTaken { .. } => "remove one of the two paths".to_owned(),
        LintKind::SharedService { .. } => {
            "if the canary should not get these requests, give those locations a Service of their own".to_owned()
        }
        LintKind::DefaultBackendMerges { .. } => "name the path `/` in a rule instead".to_owned(),
        LintKind::StableDeleted { .. } => "remove the default backend of the canary".to_owned(),
        LintKind::CanaryWithoutEndpoints { .. } | LintKind::StableWithoutEndpoints { .. } => {
            "check the Service, its port and its pods".to_owned()
        }
        LintKind::AffinityBeforeRules { .. } => "have testers delete the cookie, or remove the affinity".to_owned(),
        LintKind::AffinityOfOther { .. } => {
            "give both stable Ingresses the same affinity, or give the canary a Service for each of them".to_owned()
        }
        LintKind::IgnoredAnnotation { .. } => "remove the annotation, or put it on the stable Ingress".to_owned(),
        LintKind::IgnoredCertificate { .. } => "put the certificate on the stable Ingress".to_owned(),
        LintKind::RandomDefaultBackend { .. } => "give each stable Service a default backend of its own".to_owned(),
        LintKind::Annotation { nearest: Some(nearest), .. } => {
            format!("the nearest annotation that exists is `{nearest}`")
        }
        LintKind::Annotation { finding, nearest: None } => of_annotation(finding.code()).to_owned(),
        LintKind::OtherPrefix { expected } => format!("write `{expected}` if the annotation is for this controller"),
        LintKind::NotPortable { .. } => "write the value so that every engine reads it in the same way".to_owned(),
        LintKind::NeverDecides => "set canary-weight, canary-by-header or canary-by-cookie".to_owned(),
    }
}

/// What to do about a finding with this code.
fn of_annotation(code: &str) -> &'static str {
    match code {
        "invalid-value" => "correct the value",
        "weight-below-zero" | "weight-above-total" => "set a weight from 0 to the total",
        "total-ignored" => "set a total of at least 100, and a weight in the same proportion",
        "pattern-ignored" => "remove the value or the pattern",
        "no-header-name" => "set canary-by-header too",
        "header-underscore" | "header-never-seen" => "name the header with letters, digits and -",
        "unknown-annotation" => "remove the annotation",
        "wrong-ingress" => "move the annotation to the other Ingress",
        "no-affinity" => "set `affinity: cookie` too, or remove the annotation",
        _ => "check the value",
    }
}

fn ingress(name: Option<&ObjectName>) -> String {
    name.map_or_else(|| "another Ingress".to_owned(), |name| format!("Ingress `{name}`"))
}

/// The first five, quoted.
fn list(texts: &[String]) -> String {
    let shown: Vec<String> = texts.iter().take(5).map(|text| format!("`{text}`")).collect();
    match texts.len().checked_sub(5) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
