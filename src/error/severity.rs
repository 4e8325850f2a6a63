//! How bad a diagnostic is.

/// How bad an error, loss or finding is: [`Diagnostic::severity`](super::Diagnostic::severity).
///
/// There may be further severities one day, so a program compares them:
///
/// ```
/// use canary_policy::error::{Diagnostic, Severity};
/// use canary_policy::targets::nginx::{Prefix, annotations};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// /// Whether a pipeline stops: at everything that is not as the policy says.
/// fn is_failure(diagnostic: &dyn Diagnostic) -> bool {
///     diagnostic.severity() >= Severity::Warning
/// }
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let losses = annotations(&policy, &Prefix::default()).losses;
/// assert!(is_failure(&losses[0]) && losses[0].severity() < Severity::Error);
/// assert_eq!(losses[0].severity().as_str(), "warning");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Severity {
    /// Nothing is known to be lost: nothing changes, or this crate has not looked at something, such as other software or a pattern
    /// that is too large.
    Note,
    /// Something is left out, changed or not decided, so that some requests may be answered in another way than its owner
    /// thinks.
    Warning,
    /// There is no result, requests fail, or a canary gets no request or every request.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`, which are also the levels of SARIF.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}
