//! The object that gets the policy of a release.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::obstacle::Obstacle;

/// The target of a release as it is written. Reading it never fails: a field of another type is kept with the unknown ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "The object that gets the policy, in the namespace of the release.", transform = one_of_both)]
pub struct TargetSpec {
    /// The name of a stable Ingress. A canary Ingress is written beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub ingress: Option<String>,
    /// The name of an HTTPRoute. The policy is put into its rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub http_route: Option<String>,
    /// The fields that this version does not know.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: BTreeMap<String, Value>,
}

/// Makes the schema legal in a CRD, and lets an API server check what [`TargetSpec::check`] checks.
fn one_of_both(schema: &mut schemars::Schema) {
    for field in ["ingress", "httpRoute"] {
        if let Some(field) = schema.pointer_mut(&format!("/properties/{field}")).and_then(Value::as_object_mut) {
            field.insert("type".to_owned(), json!("string"));
        }
    }
    let rule =
        json!({ "rule": "has(self.ingress) != has(self.httpRoute)", "message": "give one of ingress and httpRoute" });
    schema.insert("x-kubernetes-validations".to_owned(), json!([rule]));
}

impl<'de> Deserialize<'de> for TargetSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut unknown = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let mut text = |field: &str| {
            let value = unknown.get(field)?.as_str()?.to_owned();
            unknown.remove(field);
            Some(value)
        };
        let (ingress, http_route) = (text("ingress"), text("httpRoute"));
        unknown.retain(|_, value| !value.is_null());
        Ok(TargetSpec { ingress, http_route, unknown })
    }
}

impl TargetSpec {
    /// The target, if there is exactly one, and no unknown field.
    pub(crate) fn check(&self) -> Result<Target, Vec<Obstacle>> {
        let TargetSpec { ingress, http_route, unknown } = self;
        if !unknown.is_empty() {
            let fields = unknown.keys().map(|field| format!("spec.target.{field}"));
            return Err(fields.map(|field| Obstacle::UnknownField { field }).collect());
        }
        match (ingress.clone(), http_route.clone()) {
            (Some(name), None) => Ok(Target::Ingress { name }),
            (None, Some(name)) => Ok(Target::HttpRoute { name }),
            (None, None) | (Some(_), Some(_)) => Err(vec![Obstacle::NotOneTarget]),
        }
    }
}

/// The object that gets the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A stable Ingress, beside which a canary Ingress is written.
    Ingress {
        /// The name of the stable Ingress.
        name: String,
    },
    /// An HTTPRoute, into whose rules the policy is put.
    HttpRoute {
        /// The name of the HTTPRoute.
        name: String,
    },
}

impl Target {
    /// The name of the object.
    pub(crate) fn name(&self) -> &str {
        let (Target::Ingress { name } | Target::HttpRoute { name }) = self;
        name
    }
}

/// The kind and the name, as in `Ingress web`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Ingress { name } => write!(f, "Ingress {name}"),
            Target::HttpRoute { name } => write!(f, "HTTPRoute {name}"),
        }
    }
}

/// Where the policy of a release is, or may be: everything that has to be undone when the release goes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[schemars(transform = plain_object)]
pub enum Place {
    /// Beside a stable Ingress.
    #[serde(rename_all = "camelCase")]
    Ingress {
        /// The stable Ingress.
        name: String,
        /// The canary Ingress.
        canary: String,
    },
    /// In an HTTPRoute.
    #[serde(rename = "HTTPRoute")]
    HttpRoute {
        /// The HTTPRoute.
        name: String,
    },
    /// A place that only a newer version knows.
    #[serde(untagged)]
    Unknown(Value),
}

/// A CRD has no `oneOf` with different properties.
fn plain_object(schema: &mut schemars::Schema) {
    let text = |description: &str| json!({ "type": "string", "description": description });
    *schema = schemars::json_schema!({
        "type": "object",
        "description": "Where the policy of the release is, or may be.",
        "required": ["kind", "name"],
        "properties": {
            "kind": text("Ingress or HTTPRoute."),
            "name": text("The stable Ingress, or the HTTPRoute."),
            "canary": text("The canary Ingress."),
        },
    });
}
