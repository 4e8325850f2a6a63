//! Stable Ingresses, told from canary Ingresses.

use std::collections::BTreeMap;

use crate::error::{Excerpt, IngressError};
use crate::route::Backend;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::{BoolRule, Flags, Ingress, IngressBackend, IngressRule, IngressTls};

/// The annotation that held the class before `spec.ingressClassName` existed. The controller prefers the annotation.
pub(super) const CLASS: &str = "kubernetes.io/ingress.class";

/// Whether the controller treats an Ingress as a canary: the annotation `canary` is true in one of Go's spellings
/// (controller 1.15.1, `strconv.ParseBool`).
///
/// ```
/// use canary_policy::targets::nginx::{is_canary, Flags, Ingress};
///
/// let mut ingress = Ingress::default();
/// assert!(!is_canary(&ingress, &Flags::default()));
/// for (value, canary) in [("T", true), ("true ", false), ("yes", false)] {
///     let annotation = ("nginx.ingress.kubernetes.io/canary".to_owned(), value.to_owned());
///     ingress.metadata.annotations = [annotation].into();
///     assert_eq!(is_canary(&ingress, &Flags::default()), canary);
/// }
/// ```
#[must_use]
pub fn is_canary(ingress: &Ingress, flags: &Flags) -> bool {
    let value = flags.value(&ingress.metadata.annotations, key::CANARY);
    value.and_then(|value| BoolRule::Go.read(value)) == Some(true)
}

/// An Ingress that has a name and is not a canary.
#[derive(Clone, Copy)]
pub(super) struct StableIngress<'i> {
    pub(super) name: &'i str,
    pub(super) object: &'i Ingress,
}

impl<'i> StableIngress<'i> {
    pub(super) fn new(object: &'i Ingress, flags: &Flags) -> Result<Self, IngressError> {
        let name = Some(object.metadata.name.as_str()).filter(|name| !name.is_empty()).ok_or(IngressError::NoName)?;
        if is_canary(object, flags) {
            return Err(IngressError::IsCanary { ingress: Excerpt::of(name) });
        }
        Ok(StableIngress { name, object })
    }

    pub(super) fn namespace(self) -> Option<&'i str> {
        self.object.metadata.namespace.as_deref()
    }

    /// Refuses a Service that no backend of the Ingress can name.
    pub(super) fn check_namespace(self, service: &Backend) -> Result<(), IngressError> {
        match service.namespace() {
            Some(namespace) if Some(namespace) != self.namespace() => {
                Err(IngressError::OtherNamespace { service: Excerpt::of(&service.to_string()) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn annotations(self) -> &'i BTreeMap<String, String> {
        &self.object.metadata.annotations
    }

    /// The class in `spec.ingressClassName`.
    pub(super) fn class(self) -> Option<&'i str> {
        self.object.spec.ingress_class_name.as_deref()
    }

    pub(super) fn rules(self) -> &'i [IngressRule] {
        &self.object.spec.rules
    }

    pub(super) fn default_backend(self) -> Option<&'i IngressBackend> {
        self.object.spec.default_backend.as_ref()
    }

    pub(super) fn tls(self) -> &'i [IngressTls] {
        &self.object.spec.tls
    }
}
