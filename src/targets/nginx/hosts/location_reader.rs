//! Reads one location of a virtual host.

use super::annotations::RegexAnnotation;
use super::findings_by_ingress::FindingsByIngress;
use super::upstream_backends::UpstreamBackends;
use crate::error::Diagnostic;
use crate::error::InvalidFormerTokens;
use crate::policy::{Affinity, AffinityScope, FormerTokens, Policy};
use crate::route::{self, Backend, Path, Port};
use crate::targets::nginx::cluster::error_backend::ERROR_UPSTREAM;
use crate::targets::nginx::token::token_of;
use crate::targets::nginx::{Location, ObjectName};

/// The characters of a regular expression. A `.` is one too, but the path of a file also has one.
const REGEX: [char; 13] = ['(', ')', '[', ']', '{', '}', '*', '+', '?', '$', '\\', '|', '^'];

const WHY_NO_POLICY: &str = "no policy can hold it, so every request goes to stable";

/// How a location splits its requests.
struct Split {
    policy: Policy,
    /// The backends of the canaries.
    backends: Vec<Backend>,
}

/// The tokens of the controller in the affinity cookie of the policy, by the names of the upstreams; `None` if the policy has no
/// such cookie.
fn former_tokens(policy: &Policy, location: &Location) -> Result<Option<FormerTokens>, InvalidFormerTokens> {
    let Affinity::Cookie(cookie) = policy.affinity() else { return Ok(None) };
    let canaries = location.canaries().filter(|_| cookie.scope() == AffinityScope::AllVariants);
    FormerTokens::new(token_of(&location.stable), canaries.map(|canary| token_of(&canary.upstream))).map(Some)
}

/// What all locations of a host have in common.
pub(super) struct LocationReader<'h> {
    pub(super) backends: &'h UpstreamBackends<'h>,
    /// The namespace of the virtual host.
    pub(super) namespace: &'h str,
    /// Whether the cookies of the controller have the tokens of ingress-nginx.
    pub(super) has_tokens: bool,
    /// Whether Services are known, and so their endpoints.
    pub(super) has_services: bool,
    /// The annotation that makes every path of the host a regular expression.
    pub(super) regex: Option<RegexAnnotation>,
}

impl LocationReader<'_> {
    /// A location; `None` if no virtual host can hold it, which is a finding, or if the controller's own default backend answers.
    pub(super) fn read(
        &self,
        location: &Location,
        field: &str,
        findings: &mut FindingsByIngress,
    ) -> Option<route::Location> {
        let ingress = location.ingress.as_ref()?;
        let stable = self.backend(&location.stable, ingress, field, findings)?;
        let path = self.path(location, ingress, field, findings)?;
        if !location.stable_exists {
            let why = "the default backend of a canary deleted its upstream, so the controller answers with 503";
            findings.changed_location(ingress, field, &stable.to_string(), why);
        }
        if self.has_services && !location.stable_has_endpoints {
            let why = "the Service has no endpoints, or is not among the Services that were read, so the controller answers \
                       with 503 until it has some";
            findings.changed_location(ingress, field, &stable.to_string(), why);
        }
        if location.stable.starts_with(ERROR_UPSTREAM) {
            let why = "the Service has no endpoints, so the controller answers with the Service of the annotation \
                       `default-backend` until it has some";
            findings.changed_location(ingress, field, &stable.to_string(), why);
        }
        let plain = route::Location::new(path, stable);
        let Some(canary) = &location.canary else { return Some(plain) };
        // The policy is that of the Ingress that created the upstream.
        let ingress = canary.ingress.as_ref().unwrap_or(ingress);
        if self.has_services && !canary.has_endpoints {
            let why = "the canary has no endpoints, or is not among the Services that were read, so every request goes to \
                       stable until it has some";
            findings.changed_location(ingress, "spec", &canary.upstream, why);
        }
        let Some(Split { policy, backends }) = self.split(location, ingress, findings) else { return Some(plain) };
        let tokens = if self.has_tokens { former_tokens(&policy, location) } else { Ok(None) };
        let split = plain.clone().with_policy(policy, backends).and_then(|split| match tokens? {
            Some(tokens) => Ok(split.with_former_tokens(tokens)?),
            None => Ok(split),
        });
        match split {
            Ok(split) => Some(split),
            Err(error) => {
                findings.without_location(ingress, field, &error.to_string(), WHY_NO_POLICY);
                Some(plain)
            }
        }
    }

    /// The policy and the backends of all canaries; `None` and a finding if there is no such policy or backend.
    fn split(&self, location: &Location, ingress: &ObjectName, findings: &mut FindingsByIngress) -> Option<Split> {
        let policy = match location.policy()? {
            Ok(policy) => policy,
            Err(error) => {
                let field = format!("metadata.annotations[{}]", error.field().unwrap_or_default());
                findings.without_location(ingress, &field, &error.to_string(), WHY_NO_POLICY);
                return None;
            }
        };
        let backends = location.canaries().map(|canary| self.backend(&canary.upstream, ingress, "spec", findings));
        Some(Split { policy, backends: backends.collect::<Option<_>>()? })
    }

    /// The backend of an upstream; `None` if it is the controller's own default backend, or no Service that can exist.
    fn backend(
        &self,
        upstream: &str,
        ingress: &ObjectName,
        field: &str,
        findings: &mut FindingsByIngress,
    ) -> Option<Backend> {
        let Ok(backend) = self.backends.backend(upstream, self.namespace) else {
            findings.without_location(ingress, field, upstream, "no Service can have this name or port");
            return None;
        };
        if let Some(Port::Name(name)) = backend.as_ref().and_then(Backend::port) {
            let why =
                "the Service is not among the objects, or has no such port, so the number of the port is not known";
            findings.of(ingress).assumed(field, &format!("port {}", name.as_str()), why);
        }
        backend
    }

    /// The path of a location.
    fn path(
        &self,
        location: &Location,
        ingress: &ObjectName,
        field: &str,
        findings: &mut FindingsByIngress,
    ) -> Option<Path> {
        let text = location.path.as_str();
        if text.contains('%') {
            let why =
                "nginx compares it with the decoded path of a request, and other software with the path as it is sent";
            findings.without_location(ingress, field, text, why);
            return None;
        }
        let regex = self.regex.filter(|_| text != "/");
        if let Some(regex) = regex.filter(|_| text.contains(REGEX)) {
            findings.without_location(ingress, field, text, regex.why_left_out());
            return None;
        }
        let is_exact = location.path_type == "Exact" && regex.is_none();
        let without_slash = text.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(text);
        let Ok(path) = (if is_exact { Path::exact(text) } else { Path::prefix(without_slash) }) else {
            findings.without_location(ingress, field, text, "not every target would read this path alike");
            return None;
        };
        if let Some(regex) = regex {
            findings.changed_location(ingress, field, &path.to_string(), regex.why_assumed());
        } else if !is_exact && without_slash != text {
            let why = "the controller redirects the path without the `/` at its end, and a route answers it";
            findings.changed_location(ingress, field, &path.to_string(), why);
        }
        Some(path)
    }
}
