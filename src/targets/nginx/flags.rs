//! The flags of the controller.

use super::Prefix;

/// The flags of the controller that change what the annotations of a canary mean.
///
/// `--annotations-risk-level` is not among them: at the level `Low` the controller refuses the whole Ingress, and no
/// annotation changes its meaning.
///
/// ```
/// use canary_policy::targets::nginx::{Flags, Prefix};
///
/// assert!(Flags::default().validation);
/// let flags = Flags::default().with_prefix(Prefix::new("higress.io")?).with_validation(false);
/// assert_eq!((flags.prefix.as_str(), flags.validation), ("higress.io", false));
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
}

impl Default for Flags {
    fn default() -> Self {
        Flags { prefix: Prefix::default(), validation: true }
    }
}
