//! What an API server refuses in an Ingress: the parts of a stable Ingress that its canary Ingress has too are checked before
//! they are written again. Source: Kubernetes 1.36, `pkg/apis/networking/validation/validation.go`.

use super::service::port;
use super::stable_ingress::StableIngress;
use super::stable_service::{StablePath, StableRule};
use crate::error::{Excerpt, IngressError, InvalidRoute};
use crate::names::{is_dns_label, is_dns_subdomain};
use crate::route::{Backend, Host};
use crate::targets::nginx::Prefix;

/// Checks the names of both Ingresses, the namespace, and the prefix of the annotations.
pub(super) fn check_names(stable: StableIngress<'_>, name: &str, prefix: &Prefix) -> Result<(), IngressError> {
    check_object_name("metadata.name", stable.name)?;
    check_object_name("name", name)?;
    if let Some(namespace) = stable.namespace().filter(|namespace| !is_dns_label(namespace)) {
        return Err(invalid("metadata.namespace", InvalidRoute::Namespace(Excerpt::of(namespace))));
    }
    if !is_dns_subdomain(prefix.as_str()) {
        return Err(IngressError::Prefix(Excerpt::of(prefix.as_str())));
    }
    Ok(())
}

/// Checks the name of an object, such as a class.
pub(super) fn check_object_name(field: &str, name: &str) -> Result<(), IngressError> {
    if is_dns_subdomain(name) { Ok(()) } else { Err(invalid(field, InvalidRoute::ObjectName(Excerpt::of(name)))) }
}

/// Checks the host and the paths of a rule, and the ports of the stable Service, which a canary without a port gets.
pub(super) fn check_rule(rule: &StableRule, canary: &Backend) -> Result<(), IngressError> {
    let StableRule { field, host, paths } = rule;
    if let Some(host) = host.as_deref().filter(|host| !host.is_empty()) {
        Host::new(host).map_err(|why| invalid(field, why))?;
    }
    for StablePath { field, path, service } in paths {
        let text = path.path.as_deref().unwrap_or_default();
        if !is_path(text, &path.path_type) {
            let (path, path_type) = (Excerpt::of(text), Excerpt::of(&path.path_type));
            return Err(IngressError::Path { field: format!("{field}.path"), path, path_type });
        }
        if let (None, Some(stable)) = (canary.port(), &service.port) {
            port(stable).map_err(|why| invalid(&format!("{field}.backend.service.port"), why))?;
        }
    }
    Ok(())
}

/// Whether an API server takes the path of an Ingress. The text is empty if there is no path.
fn is_path(text: &str, path_type: &str) -> bool {
    match path_type {
        "Exact" | "Prefix" => {
            let refused = ["//", "/./", "/../", "%2f", "%2F"].into_iter().any(|part| text.contains(part));
            text.starts_with('/') && !refused && !text.ends_with("/.") && !text.ends_with("/..")
        }
        _ => text.is_empty() || text.starts_with('/'),
    }
}

fn invalid(field: &str, invalid: InvalidRoute) -> IngressError {
    IngressError::Invalid { field: field.to_owned(), invalid }
}
