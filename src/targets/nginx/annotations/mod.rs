//! The annotations of a canary Ingress and of its stable Ingress, as text: what they say is read and written here, whatever
//! objects they are on.
//!
//! [`parse`] follows the controller's parser value by value. [`read`] makes a policy of what the parser returns and of the
//! stable Ingress's affinity. [`annotations`] writes a policy.

mod backend_protocol;
pub(super) mod chars;
mod config;
mod default_value;
mod finding;
pub(super) mod getter;
pub(super) mod key;
mod parse;
mod read;
pub(super) mod session_affinity;
mod write;

use std::collections::BTreeMap;

pub(super) use backend_protocol::grpc_condition;
pub use config::Config;
pub(super) use default_value::{is_default, meaning};
pub use finding::{AnnotationFinding, AnnotationKind, Side};
use getter::Getter;
pub use parse::{ParsedAnnotations, parse};
pub(super) use read::policy_of;
pub use read::{AnnotationReading, read};
use session_affinity::session_affinity;
pub use write::annotations;

use crate::policy::CanaryName;

/// The annotations of a canary Ingress and of the stable Ingress beside it.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{annotations, Prefix};
///
/// let written = annotations(&Policy::percent(30)?, &Prefix::default()).output;
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight"], "30");
/// assert!(written.stable.is_empty());
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Annotations {
    /// The name of the canary. No annotation holds it.
    pub name: CanaryName,
    /// The annotations of the canary Ingress, by their whole keys.
    pub canary: BTreeMap<String, String>,
    /// The annotations of the stable Ingress, by their whole keys. The affinity is among them, since both Ingresses share it.
    pub stable: BTreeMap<String, String>,
}

impl Annotations {
    /// The annotations of a canary Ingress and of its stable Ingress, by their whole keys. The canary has the default name.
    #[must_use]
    pub fn new(canary: BTreeMap<String, String>, stable: BTreeMap<String, String>) -> Self {
        Annotations { name: CanaryName::default(), canary, stable }
    }

    /// The same annotations for a canary with this name.
    #[must_use]
    pub fn with_name(self, name: CanaryName) -> Self {
        Annotations { name, ..self }
    }
}
