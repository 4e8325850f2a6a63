//! The flags of the controller.

use super::{Prefix, RiskLevel};

/// The flags of the controller, and the settings of its `ConfigMap`, that change what the annotations of a canary mean or which
/// Ingresses the controller reads.
///
/// ```
/// use canary_policy::targets::nginx::{Flags, Prefix, RiskLevel};
///
/// assert!(Flags::default().validation);
/// let flags = Flags::default().with_prefix(Prefix::new("higress.io")?).with_validation(false);
/// assert_eq!((flags.prefix.as_str(), flags.validation), ("higress.io", false));
/// assert_eq!((flags.class.as_str(), flags.risk_level), ("nginx", RiskLevel::High));
/// # Ok::<(), canary_policy::error::InvalidParams>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Flags {
    /// `--annotations-prefix`, by default `nginx.ingress.kubernetes.io`.
    pub prefix: Prefix,
    /// `--enable-annotation-validation`, by default true: the controller drops a value with a character that its validators
    /// refuse.
    pub validation: bool,
    /// `annotations-risk-level`, by default `High`. Only `Cluster` depends on it: the level changes the meaning of no annotation, but
    /// the controller refuses an Ingress that has a riskier one.
    pub risk_level: RiskLevel,
    /// The class of the controller, by default `nginx`. Only `Cluster` depends on it: the controller leaves out Ingresses of other
    /// classes. Ingresses without a class count as its own.
    pub class: String,
}

impl Flags {
    /// The same flags with another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> Self {
        Flags { prefix, ..self }
    }

    /// The same flags with the validation on or off.
    #[must_use]
    pub fn with_validation(self, validation: bool) -> Self {
        Flags { validation, ..self }
    }

    /// The same flags with another level of risk.
    #[must_use]
    pub fn with_risk_level(self, risk_level: RiskLevel) -> Self {
        Flags { risk_level, ..self }
    }

    /// The same flags with another class.
    #[must_use]
    pub fn with_class(self, class: impl Into<String>) -> Self {
        Flags { class: class.into(), ..self }
    }
}

impl Default for Flags {
    fn default() -> Self {
        Flags {
            prefix: Prefix::default(),
            validation: true,
            risk_level: RiskLevel::default(),
            class: "nginx".to_owned(),
        }
    }
}
