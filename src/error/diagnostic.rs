//! The interface that errors, losses and findings have in common.

use std::borrow::Cow;
use std::fmt;

use super::Severity;

/// The interface that every error, loss and finding of this crate has in common.
///
/// `Display` writes the message for people, which already names the field. [`code`](Self::code) is for programs: a code
/// is in kebab-case and keeps its meaning in later versions. [The table of codes](crate::codes) says what each of them means.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::{Policy, Spec};
///
/// let error = Policy::try_from(Spec { total: Some(0), ..Spec::default() }).unwrap_err();
/// let problem = &error.problems[0];
/// assert_eq!((problem.code(), problem.field().as_deref()), ("total", Some("total")));
/// assert_eq!(problem.report().message, "total: 0 is not a total: expected 1 to 4294967295");
/// ```
pub trait Diagnostic: fmt::Display {
    /// The kind of error, loss or finding, as in `weight-above-total`.
    fn code(&self) -> &'static str;

    /// How bad it is. An error is [`Severity::Error`], a loss or a finding of a reader [`Severity::Warning`]; findings of the
    /// linter are either. [The table of codes](crate::codes) has the severity of each.
    fn severity(&self) -> Severity {
        Severity::Error
    }

    /// The path of the field that the message is about. For a finding of `nginx::parse`, `nginx::read` or `nginx::lint` about an
    /// annotation, it is the name of the annotation without its prefix. `None` if the message is not about a single field.
    fn field(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The name of the object that has the field. An [`AnnotationFinding`](crate::targets::nginx::AnnotationFinding) knows no names:
    /// its object is `stable` or `canary`, the two Ingresses that ingress-nginx needs for a policy. `None` if only one object can have
    /// the field.
    fn object(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The code, the severity, the object, the field and the message as one value, which can be serialised.
    fn report(&self) -> Report {
        Report {
            code: Cow::Borrowed(self.code()),
            severity: self.severity(),
            object: self.object().map(Cow::into_owned),
            field: self.field().map(Cow::into_owned),
            message: self.to_string(),
        }
    }
}

/// A [`Diagnostic`] as plain text fields, to be logged, stored or serialised.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let report = annotations(&policy, &Prefix::default()).losses[0].report();
/// assert_eq!((&*report.code, report.field.as_deref()), ("left-out", Some("affinity")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = crate::schema::for_operators))]
#[cfg_attr(feature = "schemars", schemars(description = "A loss, a finding or an error."))]
#[non_exhaustive]
pub struct Report {
    /// The kind of error, loss or finding: [`Diagnostic::code`].
    #[cfg_attr(
        feature = "schemars",
        schemars(description = "The kind of error, loss or finding, as in weight-above-total.")
    )]
    pub code: Cow<'static, str>,
    /// How bad it is: [`Diagnostic::severity`]. A severity that is missing or not known, as in a report of another version, is read
    /// as [`Severity::Error`].
    #[cfg_attr(feature = "serde", serde(default = "unknown", deserialize_with = "known_or_error"))]
    #[cfg_attr(
        feature = "schemars",
        schemars(
            with = "String",
            description = "How bad it is.",
            extend("enum" = ["note", "warning", "error"])
        )
    )]
    pub severity: Severity,
    /// The object that has the field, if there are several: [`Diagnostic::object`].
    #[cfg_attr(feature = "schemars", schemars(description = "The object that has the field, if there are several."))]
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub object: Option<String>,
    /// The field that the message is about, if it is about a single one: [`Diagnostic::field`].
    #[cfg_attr(
        feature = "schemars",
        schemars(description = "The field that the message is about, if it is about a single one.")
    )]
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub field: Option<String>,
    /// The message for people, which names the field.
    pub message: String,
}

#[cfg(feature = "serde")]
const fn unknown() -> Severity {
    Severity::Error
}

#[cfg(feature = "serde")]
fn known_or_error<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let text = <Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
    let known = [Severity::Note, Severity::Warning].into_iter().find(|severity| severity.as_str() == text);
    Ok(known.unwrap_or_else(unknown))
}

impl Report {
    /// The same report, if what it is about is this part of a larger object, as a policy is the part `spec.policy` of a custom
    /// resource: the field then begins with the path of the part. The message stays.
    ///
    /// ```
    /// use canary_policy::error::Diagnostic;
    /// use canary_policy::policy::CanarySpec;
    /// use canary_policy::{Policy, Spec};
    ///
    /// let spec = Spec { canaries: vec![CanarySpec { weight: Some(101), ..CanarySpec::default() }], ..Spec::default() };
    /// let problem = &Policy::try_from(spec).unwrap_err().problems[0];
    /// assert_eq!(problem.report().within("spec.policy").field.as_deref(), Some("spec.policy.canaries[0].weight"));
    /// ```
    #[must_use]
    pub fn within(self, part: &str) -> Self {
        let field = self.field.map_or_else(|| part.to_owned(), |field| format!("{part}.{field}"));
        Report { field: Some(field), ..self }
    }
}
