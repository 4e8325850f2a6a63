//! The flags of the controller.

use std::collections::BTreeMap;

use super::{Dialect, Prefix, RiskLevel};

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
    /// `annotations-risk-level`, by default `High`. Only `Cluster` depends on it: the level changes the meaning of no annotation,
    /// but the controller refuses an Ingress that has a riskier one.
    pub risk_level: RiskLevel,
    /// The class of the controller, by default `nginx`. Only `Cluster` depends on it: the controller leaves out Ingresses of other
    /// classes. Ingresses without a class count as its own, as with `--watch-ingress-without-class`.
    pub class: String,
    /// How the controller reads the annotations, by default as ingress-nginx does.
    pub dialect: Dialect,
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

    /// The same flags with another dialect and its prefix.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Flags { prefix: Prefix::of(&dialect), dialect, ..self }
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
            dialect: Dialect::default(),
        }
    }
}

impl Flags {
    /// Whether a value with a character that the validators refuse is dropped.
    pub(in crate::targets::nginx) const fn checks_values(&self) -> bool {
        self.validation && self.dialect.checks_values
    }

    /// The value of an annotation. If the annotation does not have the prefix, that with the further prefix of the dialect counts.
    pub(crate) fn value<'a>(&self, annotations: &'a BTreeMap<String, String>, annotation: &str) -> Option<&'a String> {
        let further = || annotations.get(&format!("{}/{annotation}", self.dialect.further_prefix?));
        annotations.get(&self.prefix.key(annotation)).or_else(further)
    }

    /// The keys with which an annotation counts: with the prefix, and with the further prefix of the dialect.
    pub(in crate::targets::nginx) fn keys(&self, annotation: &str) -> impl Iterator<Item = String> {
        let further = self.dialect.further_prefix.map(|prefix| format!("{prefix}/{annotation}"));
        [self.prefix.key(annotation)].into_iter().chain(further)
    }

    /// The values of all annotations by their names without a prefix, as [`value`](Self::value) returns them.
    pub(in crate::targets::nginx) fn values<'a>(
        &self,
        annotations: &'a BTreeMap<String, String>,
    ) -> BTreeMap<&'a str, &'a str> {
        let named = || annotations.iter().filter_map(|(key, value)| Some((self.annotation(key)?, key, value.as_str())));
        let of_prefix = |key: &str| self.prefix.annotation(key).is_some();
        let further = named().filter(|(_, key, _)| !of_prefix(key));
        let first = named().filter(|(_, key, _)| of_prefix(key));
        further.chain(first).map(|(name, _, value)| (name, value)).collect()
    }

    /// The name of the annotation in a key, if the key has one of the prefixes.
    pub(in crate::targets::nginx) fn annotation<'k>(&self, key: &'k str) -> Option<&'k str> {
        let further = || key.strip_prefix(self.dialect.further_prefix?)?.strip_prefix('/');
        self.prefix.annotation(key).or_else(further)
    }
}
