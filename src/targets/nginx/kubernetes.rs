//! Ingresses and Services of the versions of `k8s-openapi`.
//!
//! An Ingress goes through JSON, which is what these types are made for, so that every field of it survives.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cluster::ObjectName;
use super::{Ingress, IntOrString, Service, ServicePort};
use crate::error::{Excerpt, ObjectError, Step, path};

/// The conversions of a version of `k8s-openapi`, which has this feature.
macro_rules! conversions {
    ($crate_name:ident, $feature:literal) => {
        /// An Ingress of `k8s-openapi` with all of its fields. Empty lists and maps count as missing.
        #[cfg(feature = $feature)]
        #[cfg_attr(docsrs, doc(cfg(feature = $feature)))]
        impl TryFrom<&$crate_name::api::networking::v1::Ingress> for Ingress {
            type Error = ObjectError;

            fn try_from(object: &$crate_name::api::networking::v1::Ingress) -> Result<Self, ObjectError> {
                converted(json(object)?)
            }
        }

        /// An Ingress of `k8s-openapi` with all fields of an Ingress. A field that this version does not have is an error.
        #[cfg(feature = $feature)]
        #[cfg_attr(docsrs, doc(cfg(feature = $feature)))]
        impl TryFrom<&Ingress> for $crate_name::api::networking::v1::Ingress {
            type Error = ObjectError;

            fn try_from(ingress: &Ingress) -> Result<Self, ObjectError> {
                without_loss(&json(ingress)?)
            }
        }

        /// A Service object does not say whether its pods are ready, so it is taken to have endpoints.
        #[cfg(feature = $feature)]
        #[cfg_attr(docsrs, doc(cfg(feature = $feature)))]
        impl From<&$crate_name::api::core::v1::Service> for Service {
            fn from(object: &$crate_name::api::core::v1::Service) -> Self {
                use $crate_name::apimachinery::pkg::util::intstr::IntOrString as Target;

                let $crate_name::apimachinery::pkg::apis::meta::v1::ObjectMeta { namespace, name, .. } =
                    &object.metadata;
                let name = ObjectName::of_object(namespace.as_deref(), name.as_deref().unwrap_or_default());
                let ports = object.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
                let ports = ports.map(|port| ServicePort {
                    name: port.name.clone(),
                    port: port.port,
                    target_port: port.target_port.clone().map(|target| match target {
                        Target::Int(number) => IntOrString::Int(number),
                        Target::String(name) => IntOrString::String(name),
                    }),
                });
                Service { ports: ports.collect(), ..Service::new(name.namespace(), name.name()) }
            }
        }
    };
}

conversions!(k8s_openapi, "k8s-openapi");
conversions!(k8s_openapi_0_28, "k8s-openapi-0-28");
conversions!(k8s_openapi_0_27, "k8s-openapi-0-27");
conversions!(k8s_openapi_0_26, "k8s-openapi-0-26");

/// An object as JSON.
fn json(object: &impl Serialize) -> Result<Value, ObjectError> {
    serde_json::to_value(object).map_err(|error| invalid(&error))
}

fn converted<T: DeserializeOwned>(object: Value) -> Result<T, ObjectError> {
    serde_json::from_value(object).map_err(|error| invalid(&error))
}

/// The object, unless its type lacks a field of the JSON.
fn without_loss<T: Serialize + DeserializeOwned>(object: &Value) -> Result<T, ObjectError> {
    let read = converted(object.clone())?;
    match lost(object, &json(&read)?, &[]) {
        None => Ok(read),
        Some(steps) => Err(ObjectError::LostField(Excerpt::of(&path(&steps)))),
    }
}

fn invalid(error: &serde_json::Error) -> ObjectError {
    ObjectError::Value(Excerpt::whole(&error.to_string()))
}

/// The first field that is in the JSON before and not in the JSON after. A `null` is no field.
fn lost(before: &Value, after: &Value, steps: &[Step]) -> Option<Vec<Step>> {
    let at = |step: Step| -> Vec<Step> { steps.iter().cloned().chain([step]).collect() };
    let below = |value: &Value, after: Option<&Value>, steps: Vec<Step>| match after {
        None => Some(steps),
        Some(after) => lost(value, after, &steps),
    };
    match before {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .find_map(|(name, value)| below(value, after.get(name), at(Step::Field(name.clone())))),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| below(item, after.get(index), at(Step::Item(index))))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
