//! What happens at run time, in a sentence for each kind of finding.

use super::{LintKind, RepeatedValue};
use crate::error::Excerpt;
use crate::targets::nginx::{ObjectName, Refusal};

const NO_REQUEST: &str = "so the canary gets no request";

/// What happens at run time.
pub(super) fn effect(kind: &LintKind) -> String {
    match kind {
        LintKind::Refused { refusal } => refused(refusal),
        LintKind::Panic { .. } => PANIC.to_owned(),
        LintKind::Replaced => "several different Ingresses have this name, and only the last one counts".to_owned(),
        LintKind::NotEnabled { value } => not_enabled(value.as_deref()),
        LintKind::NoStable => NO_STABLE.to_owned(),
        LintKind::NoService => "the canary names no Service, so it gets no request".to_owned(),
        LintKind::NoHost { host, .. } => format!("no stable Ingress has the host `{host}`, {NO_REQUEST} for it"),
        LintKind::NoLocation { location, nearest: _, unread: _, deletes } => no_location(location, *deletes),
        LintKind::Deleted { by, is_dangling } => deleted(by, *is_dangling),
        LintKind::OwnService { upstream } => own_service(upstream),
        LintKind::NeverChosen { chosen } => never_chosen(chosen),
        LintKind::OtherNamespace { stable } => other_namespace(stable),
        LintKind::OtherPolicy { ingress, is_canary: true } => policy_of_canary(ingress),
        LintKind::OtherPolicy { ingress, is_canary: false } => policy_of_ordinary(ingress),
        LintKind::ActsAsStable { location } => acts_as_stable(location),
        LintKind::TakenByCanary { canary } => taken_by_canary(canary),
        LintKind::PathTaken { by, upstream } => format!("{} has the path, so `{upstream}` answers", owner(by.as_ref())),
        LintKind::SharedService { locations } => shared_service(locations),
        LintKind::DefaultBackendIgnored => DEFAULT_BACKEND_IGNORED.to_owned(),
        LintKind::DefaultBackendMerges { locations } => default_backend_merges(locations),
        LintKind::StableDeleted { upstream, by } => stable_deleted(upstream, by.as_ref()),
        LintKind::CanaryWithoutEndpoints { service, gives_way, exists } => {
            canary_without_endpoints(service, *gives_way, *exists)
        }
        LintKind::AliasTaken { host } => alias_taken(host),
        LintKind::StableWithoutEndpoints { service, exists } => stable_without_endpoints(service, *exists),
        LintKind::AffinityBeforeRules { cookie } => affinity_before_rules(cookie),
        LintKind::AffinityOfOther { stable } => affinity_of_other(stable),
        LintKind::IgnoredAnnotation { stable } => ignored_annotation(stable),
        LintKind::IgnoredCertificate { host } => ignored_certificate(host),
        LintKind::RandomDefaultBackend { upstreams } => random_default_backend(upstreams),
        LintKind::Annotation { finding, .. } => finding.to_string(),
        LintKind::OtherPrefix { expected } => other_prefix(expected),
        LintKind::NotPortable { error } => error.to_string(),
        LintKind::PatternBacktracks { value } => pattern_backtracks(value),
        LintKind::PatternNotExamined => NOT_EXAMINED.to_owned(),
        LintKind::NeverDecides => "the canary has no weight and no rule, so it gets no request".to_owned(),
    }
}

// Ingresses that the controller does not read, or not as their owner means them.

const PANIC: &str = "the controller crashes whenever it reads the Ingresses, because a canary has a rule without http";

const DEFAULT_BACKEND_IGNORED: &str =
    "the controller attaches a canary to hosts and paths, and a default backend has none, so it has no effect";

const NO_STABLE: &str = "every Ingress of the controller is a canary, so requests for its hosts are not answered";

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

fn not_enabled(value: Option<&str>) -> String {
    let is = value.map_or_else(|| "missing".to_owned(), |value| format!("`{value}`"));
    format!("the Ingress has the annotations of a canary, but is an ordinary one, because `canary` is {is}")
}

// Paths of a canary that get no request.

fn no_location(location: &str, deletes: bool) -> String {
    let others = if deletes { ", not even on its other paths with the same Service" } else { " there" };
    format!("the host has no stable location `{location}`, {NO_REQUEST}{others}")
}

fn deleted(by: &str, is_dangling: bool) -> String {
    let others = if is_dangling { ", and other canaries of the stable Service get none too" } else { "" };
    format!("{by} has no stable location, {NO_REQUEST} here either{others}")
}

fn own_service(upstream: &str) -> String {
    format!("`{upstream}` is a stable Service of the host, so the canary has no effect here")
}

fn never_chosen(chosen: &str) -> String {
    format!("only one canary of a stable Service gets requests, here `{chosen}`, so this canary gets none")
}

fn other_namespace(stable: &str) -> String {
    format!(
        "the stable Ingress is in the namespace `{stable}`, and the controller takes no canary from another one, \
         so this canary gets none of its requests"
    )
}

// Services and paths that several Ingresses have.

fn policy_of_canary(ingress: &ObjectName) -> String {
    format!("the older Ingress `{ingress}` has the same Service, and its annotations are in force instead of these")
}

fn policy_of_ordinary(ingress: &ObjectName) -> String {
    format!(
        "the ordinary Ingress `{ingress}` has the same Service, so these annotations have no effect and the canary gets no request"
    )
}

fn acts_as_stable(location: &str) -> String {
    format!("the canary gets every request to `{location}`, because an ordinary Ingress has the same Service")
}

fn taken_by_canary(canary: &ObjectName) -> String {
    format!(
        "the path gets no location, because the canary Ingress `{canary}` has the same Service, \
         and is older or has this Service as its default backend"
    )
}

fn shared_service(locations: &[String]) -> String {
    format!("the canary also gets requests to {}, which have the same stable Service", list(locations))
}

fn default_backend_merges(locations: &[String]) -> String {
    let locations = list(locations);
    format!("the default backend of a canary has no path, so the canary also gets requests to {locations}")
}

fn stable_deleted(upstream: &str, by: Option<&ObjectName>) -> String {
    let owner = owner(by);
    format!("the default backend of {owner} deletes the stable Service `{upstream}`, so requests fail")
}

fn random_default_backend(upstreams: &[String]) -> String {
    let upstreams = list(upstreams);
    format!(
        "{upstreams} have this default backend but different canaries, and chance decides whose canary gets requests"
    )
}

// Endpoints, affinity and annotations.

fn canary_without_endpoints(service: &str, gives_way: bool, exists: bool) -> String {
    let effect = if gives_way { NO_REQUEST } else { "so every request goes to the stable Service" };
    format!("`{service}` {}, {effect}", why_without_endpoints(exists))
}

fn stable_without_endpoints(service: &str, exists: bool) -> String {
    let why = why_without_endpoints(exists);
    format!("the stable Service `{service}` {why}, so every request fails, including those for the canary")
}

fn why_without_endpoints(exists: bool) -> &'static str {
    if exists { "has no endpoints" } else { "is not among the Services that were read" }
}

fn alias_taken(host: &str) -> String {
    format!("an Ingress has the host `{host}`, so the alias has no effect")
}

fn affinity_before_rules(cookie: &str) -> String {
    format!(
        "clients whose cookie `{cookie}` names the stable Service never reach the canary, whatever header or cookie they send"
    )
}

fn affinity_of_other(stable: &str) -> String {
    format!("the canary has the affinity of another stable Service, so no client of `{stable}` stays with the canary")
}

fn ignored_annotation(stable: &ObjectName) -> String {
    format!(
        "the annotation is ignored on a canary: requests to the canary get the annotations of `{stable}`, which differ"
    )
}

fn ignored_certificate(host: &str) -> String {
    format!("the certificate of a canary is ignored, so `{host}` has the default certificate of the controller")
}

fn other_prefix(expected: &str) -> String {
    format!("the controller does not read this annotation; it reads `{expected}`")
}

const NOT_EXAMINED: &str = "the pattern is too large to tell whether the controller gives up on a header value and sends its request to stable";

fn pattern_backtracks(value: &RepeatedValue) -> String {
    format!(
        "the controller gives up on a header value of {value}, after ten million steps, \
         and the request goes to stable, whatever its cookies and the weight say"
    )
}

// Words of several sentences.

fn owner(name: Option<&ObjectName>) -> String {
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
